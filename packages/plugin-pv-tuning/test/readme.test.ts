import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose } from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import plugin, { aqlm, pvTuning } from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  await cpuRuntime.activate();
  const body = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import .*;\n/, '');
  const [model, calibration] = [tinyModel(), tinyBatches()];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('aqlm', 'pvTuning', 'model', 'calibration', `return (async () => { ${body} })()`)(
      aqlm,
      pvTuning,
      model,
      calibration,
    );
    expect(log.mock.calls).toHaveLength(3);
    const [[before, after], ...layers] = log.mock.calls as [[number, number], ...[string, number][]];
    expect(after).toBeLessThanOrEqual(before);
    for (const [, bits] of layers) expect(bits).toBeLessThanOrEqual(6);
  } finally {
    log.mockRestore();
    model.dispose();
    for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
  }
});

test('the README names every option and its default', () => {
  for (const option of describeAlgorithm(pvTuning, plugin.name).options) {
    expect(option.summary, option.name).toMatch(/\.$/);
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${option.name}\``));
    const [, , stated] = row?.split('|').map((cell) => cell.trim()) ?? [];
    const expected = option.default === undefined ? /^(by method|none)$/ : `${option.default}`;
    expect(stated, option.name).toMatch(expected);
  }
});
