import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import * as linalg from '../src/index.js';

test('the example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  const [, names, body] = /^import \{([\s\S]*?)\} from '@espalier\/linalg';\n([\s\S]*)$/.exec(example)!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    new Function('linalg', `const {${names}} = linalg;\n${body}`)(linalg);
    expect(log).toHaveBeenCalledOnce();
    const [largestResidual] = log.mock.calls[0];
    expect(largestResidual).toBeLessThan(1e-12);
  } finally {
    log.mockRestore();
  }
});
