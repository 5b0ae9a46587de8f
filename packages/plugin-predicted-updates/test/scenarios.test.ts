import { noDataFiles } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import plugin, { recomputeGraph } from '../src/index.js';
import scenarios from '../src/scenarios.js';

const [scenario] = scenarios;
const trial = { run: {}, services: {}, point() {}, untimed: <T>(work: () => T) => work() };
const context = (suite: 'quick' | 'full') => ({ suite, data: noDataFiles });

describe('the scenario', () => {
  it('runs every algorithm on every quick instance that it takes, and says why not', async () => {
    const reasons: string[] = [];
    for (const instance of await scenario!.instances(context('quick'))) {
      const task = await scenario!.load(JSON.parse(JSON.stringify(instance)), context('quick'));
      for (const algorithm of plugin.algorithms) {
        expect(scenario!.takes(algorithm as never)).toBe(true);
        const accepted = scenario!.accepts(algorithm as never, task);
        if (accepted !== true) {
          reasons.push(accepted);
          continue;
        }
        const { score, stopped, metrics } = await scenario!.run(algorithm as never, {}, task, trial);
        expect(score).toBeGreaterThan(0);
        expect([stopped, metrics.updates! > 0]).toEqual(['finished', true]);
      }
    }
    expect(reasons).toEqual([
      "hdt-connectivity does not answer 'minimum-spanning-forest'; it takes connectivity.",
    ]);
  });

  it('fails a trial with a wrong answer', async () => {
    const [instance] = await scenario!.instances(context('quick'));
    const task = await scenario!.load(instance!, context('quick'));
    const create = () => {
      const honest = recomputeGraph.create();
      let events = 0;
      const process = (event: Parameters<typeof honest.process>[0]) => {
        const answer = honest.process(event);
        return events++ === 100 ? { value: -1 } : answer;
      };
      return { process, reset() {} };
    };
    await expect(
      scenario!.run({ ...recomputeGraph, name: 'liar', create } as never, {}, task, trial),
    ).rejects.toThrow('update 99');
  });

  it('has full instances with names of their own that survive JSON', async () => {
    const instances = await scenario!.instances(context('full'));
    expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
    expect(JSON.parse(JSON.stringify(instances))).toEqual(instances);
  });
});
