import { readFile } from 'node:fs/promises';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { expect, test, vi } from 'vitest';
import { wanda } from '../src/baselines/index.js';
import * as models from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  await cpuRuntime.activate();
  const body = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import .*;\n/gm, '');
  const config = {
    ...{
      vocabularySize: 32,
      hiddenSize: 16,
      intermediateSize: 24,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headDim: 8,
    },
    ...{ contextLength: 32, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  };
  const tokens = Int32Array.from({ length: 200 }, (_, i) => (7 * i) % 32);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const names = 'calibrationWindows, createLlama, perplexity, tokenBatches';
    const run = new Function(
      'models',
      'wanda',
      'config',
      'tokens',
      `return (async () => { const { ${names} } = models; ${body} })()`,
    );
    await run(models, wanda, config, tokens);
    const [before, after, layers] = log.mock.calls[0]!;
    // Random weights know nothing: all 32 tokens are about equally likely.
    expect(Math.abs(before - 32)).toBeLessThan(2);
    expect(Math.abs(after - 32)).toBeLessThan(2);
    expect(layers).toBe(14);
  } finally {
    log.mockRestore();
  }
});
