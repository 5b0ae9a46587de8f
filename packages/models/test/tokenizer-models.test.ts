import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from '../src/tokenizer/index.js';
import { DATA, dataPath } from './checkpoint-fixture.js';

const skipped = DATA ? '' : ' (skipped: ESPALIER_DATA names no data folder)';

const tokensOf = async (model: string, split: string) => {
  const bytes = await readFile(dataPath(`${model}/tokens_${split}.u16`));
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
};

describe.skipIf(!DATA).each([
  ['stories260k', 512],
  ['tinystories-656k', 2048],
])(`%s${skipped}`, (model, vocabularySize) => {
  // 157,000 characters as one sequence: a second of a free core.
  it('turns the text into the tokens of its files, and back', { timeout: 60_000 }, async () => {
    const tokenizer = await openTokenizer(dataPath(model));
    expect(tokenizer).toMatchObject({ vocabularySize, bosId: 1, eosId: 2 });
    const text = await readFile(dataPath('text/tinystories_sample.txt'), 'utf8');
    let at = 0;
    for (const split of ['calib', 'eval']) {
      const tokens = await tokensOf(model, split);
      const decoded = tokenizer.decode(tokens);
      at += text.slice(at).search(/\S/); // the split was cut between two stories
      const part = text.slice(at, at + decoded.length);
      expect(decoded).toBe(part);
      expect(Array.from(tokenizer.encode(part, { bos: true }))).toEqual(Array.from(tokens));
      at += part.length;
    }
    expect(text.slice(at).trim()).toBe('');
  });
});
