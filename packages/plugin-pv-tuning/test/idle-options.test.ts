import { readFile } from 'node:fs/promises';
import { describeAlgorithm, isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { aqlm, METHODS, pvTuning } from '../src/index.js';

beforeAll(() => cpuRuntime.activate());

type Options = NonNullable<Parameters<typeof pvTuning.create>[0]>;
const refused = (options: Options): unknown => {
  try {
    pvTuning.create(options);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('options that would do nothing are refused:', () => {
  test.each<[Options, RegExp]>([
    [{ groupSize: 8 }, /groupSize: 8/],
    [{ scalarInit: 'gptq' }, /scalarInit: "gptq"/],
    [{ representation: 'scalar', codebooks: 3, scaleBits: 3 }, /codebooks: 3, scaleBits: 3/],
    [{ representation: 'scalar', codeBits: 4 }, /codeBits: 4/],
    [{ representation: 'scalar', initIterations: 3 }, /initIterations: 3/],
    [{ representation: 'scalar', calibrate: true }, /calibrate: true/],
    [
      { method: 'continuous-only', forceUpdate: true, maxCodeChange: 0.5 },
      /'continuous-only' moves no codes; given maxCodeChange: 0.5, forceUpdate: true/,
    ],
    [{ method: 'continuous-only', stochasticRounding: 1, beamSize: 1 }, /moves no codes/],
    [{ method: 'calibration-only', stochasticRounding: 3, beamSize: 1 }, /moves no codes/],
    [{ method: 'calibration-only', trustRatio: 0.1 }, /trustRatio: 0.1/],
  ])('%j', (options, message) => {
    const error = refused(options);
    expect(isEspalierError(error, 'invalid-options'), `${error}`).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  test('a group size of the request, and groups of a table that there is not, for codebooks', async () => {
    const [model, calibration] = [tinyModel(), tinyBatches()];
    for (const algorithm of [aqlm, pvTuning]) {
      const grouped = algorithm.create().quantize(model, { bits: 6, groupSize: 4, calibration });
      await expect(grouped).rejects.toThrow(/Codebooks have no groups .* given groupSize 4/);
      const tables = algorithm.create({ codebookValueGroups: 2 }).quantize(model, { bits: 6, calibration });
      await expect(tables).rejects.toThrow(/codebookValueBits is below 16/);
    }
    for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
    model.dispose();
  });
});

test('what is given where it counts, or is the default, is taken', () => {
  const taken: Options[] = [
    { representation: 'scalar', groupSize: 8, scalarInit: 'gptq', codebooks: 1 },
    { codebooks: 2, groupSize: 'auto' },
    { method: 'straight-through', maxCodeChange: 0.5, beamSize: 1 },
    { method: 'continuous-only', beamSize: 1, codeLr: 0.1 },
    { method: 'calibration-only', steps: 7, lr: 1 },
  ];
  for (const options of taken) expect(refused(options), JSON.stringify(options)).toBeUndefined();
  for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[])
    expect(refused({ method })).toBeUndefined();
  expect(refused({ method: 'stochastic-rounding', beamSize: 1 })).toMatchObject({
    message: expect.stringMatching(/beamSize is at least 2/),
  });
});

test('the README says where options count that a method may ignore, as the schema does', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const { options } = describeAlgorithm(pvTuning, 'test');
  const when = (text: string | undefined) => /where (codes move|not all may change)/.exec(text ?? '')?.[0];
  const stated = options.filter(({ summary }) => when(summary));
  expect(stated.map(({ name }) => name)).toEqual(['codeLr', 'codeBetas', 'selectionTemperature', 'beamSize']);
  for (const { name, summary } of stated) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    expect(when(row), name).toBe(when(summary));
  }
});
