import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as testkit from '../src/index.js';
import * as neural from '../src/neural.js';
import * as node from '../src/node.js';
import * as runtime from '../src/runtime.js';
import { newtonRoot } from './good/newton-root.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  const declared: string[] = [];
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const code = example!.replace(/^import .*\n/gm, '').replaceAll(': number', '');
  const test = (name: string, run: () => Promise<void>) => {
    declared.push(name);
    it(`has an example that runs: ${name}`, run);
  };
  new Function('newtonRoot', 'test', ...Object.keys(testkit), code)(
    newtonRoot,
    test,
    ...Object.values(testkit),
  );

  it('has an example of about ten lines that declares all checks of a solver', () => {
    expect(example!.trim().split('\n').length).toBeLessThanOrEqual(12);
    expect(declared.length).toBeGreaterThan(20);
  });

  it('names every function that makes checks', () => {
    const makers = Object.keys({ ...testkit, ...node, ...neural, ...runtime }).filter((name) =>
      /Checks?$|^measure|^run|^tiny/.test(name),
    );
    expect(makers.filter((name) => !readme.includes(`\`${name}(`))).toEqual([]);
  });
});
