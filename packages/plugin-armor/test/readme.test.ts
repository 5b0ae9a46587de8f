import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose } from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import plugin, { armor } from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  await cpuRuntime.activate();
  const body = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import .*;\n/, '');
  const [model, calibration] = [tinyModel(), tinyBatches()];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('armor', 'model', 'calibration', `return (async () => { ${body} })()`)(
      armor,
      model,
      calibration,
    );
    expect(log.mock.calls).toHaveLength(2);
    for (const [, before, after] of log.mock.calls) expect(after).toBeLessThanOrEqual(before);
  } finally {
    log.mockRestore();
    model.dispose();
    for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
  }
});

test('the README names every option and its default', () => {
  for (const option of describeAlgorithm(armor, plugin.name).options) {
    expect(option.summary, option.name).toMatch(/\.$/);
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${option.name}\``));
    expect(row, option.name).toContain(`| ${option.default === 1e-6 ? '0.000001' : option.default}`);
  }
});
