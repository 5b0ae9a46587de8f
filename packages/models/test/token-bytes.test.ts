import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tokensFromBytes } from '../src/calibration/index.js';
import { byteTokenizer, openTokenizer, tokenBytes } from '../src/tokenizer/index.js';

test('a byte is a byte, and the boundary is none', () => {
  const bytesOf = tokenBytes(byteTokenizer());
  expect([0, 32, 97, 128, 255, 256].map(bytesOf)).toEqual([1, 1, 1, 1, 1, 0]);
});

const data = process.env['ESPALIER_DATA'];
describe.skipIf(!data)('on the shared checkpoints (needs ESPALIER_DATA)', () => {
  test.each(['stories260k', 'tinystories-656k'])('the tokens of %s add up to their text', async (model) => {
    const folder = join(data!, model);
    const tokenizer = await openTokenizer(folder);
    const bytesOf = tokenBytes(tokenizer);
    const tokens = tokensFromBytes(await readFile(join(folder, 'tokens_eval.u16')));
    const text = new TextEncoder().encode(tokenizer.decode(tokens)).length;
    // The space in front of the text is a token, and is not in it.
    expect(tokens.reduce((sum, token) => sum + bytesOf(token), 0)).toBe(text + 1);
  });
});
