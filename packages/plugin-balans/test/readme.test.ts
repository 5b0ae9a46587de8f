import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import { acceptanceSchema } from '../src/acceptance/acceptance-options.js';
import plugin, * as exported from '../src/index.js';
import { selectorSchema } from '../src/selectors/selector-options.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-balans';\n([\s\S]*)$/.exec(example)!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('exported', `return (async () => { const {${names}} = exported;\n${body} })()`)(
      exported,
    );
    // 20 chairs and 10 tables use up carpentry (20 + 20) and finishing (40 + 10).
    expect(log.mock.calls[0]).toEqual(['optimal', 1100, Float64Array.of(20, 10)]);
  } finally {
    log.mockRestore();
  }
});

test("the README's operator, criterion and selector run", async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const { balans, fixOutside, multiKnapsack } = exported;
  const solver = new Function('balans', 'fixOutside', `${code}\nreturn solver;`)(
    { create: (options: object) => balans.create({ ...options, maxIterations: 3, iterationNodeLimit: 2 }) },
    fixOutside,
  ) as ReturnType<typeof balans.create>;
  const arrays = multiKnapsack({ knapsacks: 8, items: 30, tightness: 0.5 }, 3);
  const solution = await solver.solve({ source: { arrays } });
  expect(solution.history.slice(1).map(({ operator }) => operator)).toEqual(new Array(3).fill('every-third'));
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s',
    (name, algorithm) => {
      const { options } = describeAlgorithm(algorithm, plugin.name);
      expect(readme).toContain(`\`${name}\``);
      expect(options.length).toBeGreaterThan(0);
      for (const option of options) expect(readme).toContain(`\`${option.name}\``);
    },
  );

  test('name every policy and every criterion', () => {
    const policies = selectorSchema.options.map(({ shape }) => shape.policy.value);
    const criteria = acceptanceSchema.options.map(({ shape }) => shape.criterion.value);
    expect([policies.length, criteria.length]).toEqual([10, 9]);
    for (const name of [...policies, ...criteria]) expect(readme).toContain(`\`${name}\``);
  });
});
