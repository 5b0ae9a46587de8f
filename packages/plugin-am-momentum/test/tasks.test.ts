import type { DataFiles } from '@espalier/core';
import { momentumSgd } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { amAdamw } from '../src/index.js';
import { classification } from '../src/tasks/classification.js';
import { readDigits } from '../src/tasks/digits.js';
import { languageModel } from '../src/tasks/language-model.js';
import { QUADRATIC, quadratic } from '../src/tasks/quadratic.js';
import { DIVERGED, trainTask } from '../src/tasks/train-task.js';

await cpuRuntime.activate();

const text = new TextEncoder().encode('to be or not to be, that is the question: '.repeat(80));
const digits = Array.from({ length: 1500 }, (_, i) => {
  const label = (i * 7) % 10;
  return [...Array.from({ length: 64 }, (_, p) => (p % 10 === label ? 12 : (p * i) % 5)), label].join(',');
}).join('\n');
/** The data files, made up. */
const data: DataFiles = {
  has: async () => true,
  list: async () => [],
  read: async (path) => (path.endsWith('.csv') ? new TextEncoder().encode(`${digits}\n`) : text),
};
describe('tasks', () => {
  test('give the same result again, and leave no tensor behind', async () => {
    const task = classification({ name: 'digits', data: await readDigits(data), hidden: [16], epochs: 2 });
    const run = () => trainTask(task, amAdamw.create(), 0.01, { seed: 5 });
    const first = await run();
    const before = memory().numTensors;
    expect(await run()).toEqual(first);
    expect(memory().numTensors).toBe(before);
    expect(await trainTask(task, amAdamw.create(), 0.01, { seed: 6 })).not.toEqual(first);
  });

  test('count a run that leaves the range of numbers as diverged', async () => {
    const { loss, stopped } = await trainTask(
      quadratic(QUADRATIC),
      momentumSgd.create({ momentum: 0 }),
      1e6,
      {
        seed: 0,
      },
    );
    expect([loss, stopped]).toEqual([DIVERGED, 'diverged']);
  });

  test('a language model learns a text of one line', async () => {
    const task = languageModel(text, 12);
    const [before, after] = [
      await trainTask(languageModel(text, 0), amAdamw.create(), 0.01, { seed: 0 }),
      await trainTask(task, amAdamw.create(), 0.01, { seed: 0 }),
    ];
    expect(before.loss).toBeCloseTo(Math.log(256), 0);
    expect(after.loss).toBeLessThan(before.loss - 1);
  }, 30_000);

  test('digits are checked line by line', async () => {
    const file = (content: string): DataFiles => ({
      ...data,
      read: async () => new TextEncoder().encode(content),
    });
    for (const bad of ['1,2,3', `${'0,'.repeat(64)}10`, `${'0,'.repeat(63)}17,1`, ''])
      await expect(readDigits(file(bad))).rejects.toMatchObject({ code: 'invalid-data' });
    await expect(readDigits(file(`${'0,'.repeat(64)}1`))).rejects.toMatchObject({ code: 'invalid-data' });
    const { train, test: held } = await readDigits(data);
    expect([train.count, held.count]).toEqual([1437, 63]);
  });
});
