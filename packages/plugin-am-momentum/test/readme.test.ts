import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import * as models from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import * as tfjs from '@tensorflow/tfjs-core';
import * as tfLayers from '@tensorflow/tfjs-layers';
import { describe, expect, test, vi } from 'vitest';
import plugin, * as exported from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const MODULES: Readonly<Record<string, object>> = {
  '@espalier/plugin-am-momentum': exported,
  '@espalier/models': models,
  '@espalier/runtime-cpu': { cpuRuntime },
  '@tensorflow/tfjs-core': tfjs,
  '@tensorflow/tfjs-layers': tfLayers,
};
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

/** Runs an example with its imports replaced; gives what it logs. */
async function run(code: string): Promise<unknown[][]> {
  const names: Record<string, object> = {};
  const body = code.replace(
    /^import (\{ .*? \}|\* as \w+) from '(.*?)';\n/gm,
    (_, what: string, from: string) => {
      const key = `m${Object.keys(names).length}`;
      names[key] = MODULES[from];
      return what.startsWith('*') ? `const ${what.slice(5)} = ${key};\n` : `const ${what} = ${key};\n`;
    },
  );
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function(...Object.keys(names), `return (async () => {${body}})()`)(...Object.values(names));
    return log.mock.calls;
  } finally {
    log.mockRestore();
  }
}

test('the example of the README trains a layers model', async () => {
  const [[loss, beta]] = await run(examples[0]);
  expect(loss).toBeLessThan(0.05);
  expect(beta).toBeGreaterThanOrEqual(0);
  expect(beta).toBeLessThanOrEqual(0.9000001);
});

test('the example with an own loop ends at the minimum', async () => {
  const [[x]] = await run(examples[1]);
  expect([...(x as Float32Array)]).toEqual([1, -2].map((v) => expect.closeTo(v, 2)));
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s and its default',
    (name, algorithm) => {
      expect(readme).toContain(`\`${name}\``);
      for (const { name: option, default: value } of describeAlgorithm(algorithm, plugin.name).options) {
        const rows = readme.split('\n').filter((line) => line.startsWith(`| \`${option}\``));
        expect(rows.length, option).toBeGreaterThan(0);
        expect(
          rows.some((row) => row.includes(` ${value} `)),
          `${option}: ${value}`,
        ).toBe(true);
      }
    },
  );
});
