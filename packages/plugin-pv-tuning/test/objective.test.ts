import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose, memory, scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { pvTuning } from '../src/index.js';
import { type Goal, gradientsOn, objectiveOver } from '../src/objective.js';

beforeAll(() => cpuRuntime.activate());

describe('a step that fails leaves no tensor behind', () => {
  test.each([undefined, 5])('with parts of %s samples', async (microBatch) => {
    const model = tinyModel();
    const [batch] = tinyBatches();
    const fails = (work: () => never, after = 0) => {
      let calls = 0;
      return <T>(real: () => T): T => (calls++ < after ? real() : work());
    };
    const boom = () => {
      throw new Error('boom');
    };
    const before = memory().numTensors;
    for (const objective of ['kl', 'cross-entropy'] as const)
      for (const after of microBatch === undefined ? [0] : [0, 1]) {
        const goal: Goal = { teacher: model, objective, microBatch };
        const gate = fails(boom, after);
        const failing = {
          gradients: (...given: Parameters<NonNullable<typeof model.gradients>>) =>
            gate(() => model.gradients!(...given)),
          logits: (...given: Parameters<typeof model.logits>) => gate(() => model.logits(...given)),
          loss: (...given: Parameters<typeof model.loss>) => gate(() => model.loss(...given)),
        };
        await expect(gradientsOn(failing as never, batch!, goal, ['dense'])).rejects.toThrow('boom');
        const again = fails(boom, after);
        const judged = {
          ...failing,
          logits: (...given: Parameters<typeof model.logits>) => again(() => model.logits(...given)),
          loss: (...given: Parameters<typeof model.loss>) => again(() => model.loss(...given)),
        };
        await expect(objectiveOver(judged, [batch!], goal)).rejects.toThrow('boom');
        const infinite = {
          gradients: (...given: Parameters<NonNullable<typeof model.gradients>>) => {
            const { loss, gradients } = model.gradients!(...given);
            loss.dispose();
            return { loss: scalar(Number.NaN), gradients };
          },
        };
        await expect(gradientsOn(infinite as never, batch!, goal, ['dense'])).rejects.toThrow(/loss is NaN/);
        expect(memory().numTensors - before, `${objective} after ${after}`).toBe(0);
      }
    model.dispose();
    dispose([batch!.inputs, batch!.targets!]);
  });

  test('in a whole run', async () => {
    const [model, calibration] = [tinyModel(), tinyBatches()];
    const before = memory().numTensors;
    for (const at of [0, 1]) {
      let looks = 0;
      const evaluate = async () => {
        if (looks++ === at) throw new Error('boom');
        return 1;
      };
      await expect(
        pvTuning.create({ steps: 2, evaluateEvery: 1 }).quantize(model, { bits: 6, calibration, evaluate }),
      ).rejects.toThrow('boom');
      expect(memory().numTensors).toBe(before);
    }
    model.dispose();
    for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
  });
});
