import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose } from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import plugin, * as baselines from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  await cpuRuntime.activate();
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const body = example.replace(/^import .*;\n/, '');
  const [model, calibration] = [tinyModel(), tinyBatches()];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('gptq', 'model', 'calibration', `return (async () => { ${body} })()`)(
      baselines.gptq,
      model,
      calibration,
    );
    expect(log.mock.calls.map(([layer]) => layer)).toEqual(['hidden', 'output']);
  } finally {
    log.mockRestore();
    model.dispose();
    for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
  }
});

test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
  'the README names %s with every option and its default',
  (name, algorithm) => {
    expect(readme).toContain(`\`${name}\``);
    for (const option of describeAlgorithm(algorithm, plugin.name).options) {
      // What follows from the request has no default, and is described.
      const value =
        option.default === undefined ? '' : `${option.default === 1e-8 ? '1e-8' : option.default})`;
      expect(readme).toContain(`\`${option.name}\` (${value}`);
    }
  },
);
