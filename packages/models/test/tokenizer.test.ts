import { isEspalierError } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../src/checkpoint/index.js';
import {
  byteTokenizer,
  huggingFaceTokenizer,
  openTokenizer,
  parseLlama2cTokenizer,
} from '../src/tokenizer/index.js';
import { mergePairs } from '../src/tokenizer/pair-merges.js';
import { jsonBytes, TINY } from './checkpoint-fixture.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const words = fc
  .array(fc.constantFrom('the', ' the', 'he', ' ', 't', 'é', '😀', '\n', '\ufeff', 'then'), { maxLength: 20 })
  .map((list) => list.join(''));

describe('merging pairs', () => {
  it('is the same as looking for the best pair again and again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.integer({ min: 0, max: 3 })), { maxLength: 12 }),
        (pieces, rules) => {
          const table = new Map(
            rules.map(([left, right, score], i) => [`${left},${right}`, { piece: 4 + (i % 4), score }]),
          );
          const find = (left: number, right: number) => table.get(`${left},${right}`);
          // The definition, in square time.
          const list = [...pieces];
          for (;;) {
            let best = -1;
            for (let i = 0; i + 1 < list.length; i++) {
              const pair = find(list[i]!, list[i + 1]!);
              if (pair && (best < 0 || pair.score > find(list[best]!, list[best + 1]!)!.score)) best = i;
            }
            if (best < 0) break;
            list.splice(best, 2, find(list[best]!, list[best + 1]!)!.piece);
          }
          expect(Array.from(mergePairs(Int32Array.from(pieces), find))).toEqual(list);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('bytes as tokens', () => {
  const tokenizer = byteTokenizer();
  it('round trip of any text', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(tokenizer.decode(tokenizer.encode(value, { bos: true }))).toBe(value);
      }),
    );
  });

  it('are those of UTF-8, with 256 between texts', () => {
    expect(Array.from(tokenizer.encode('é', { bos: true }))).toEqual([256, 0xc3, 0xa9]);
    expect(tokenizer).toMatchObject({ vocabularySize: 257, bosId: 256, eosId: 256 });
    expect(tokenizer.decode([0xc3])).toBe('\ufffd');
  });

  it('refuse numbers that are no tokens, and text that is none', () => {
    for (const token of [-1, 257, 1.5, Number.NaN]) {
      expect(() => tokenizer.decode([65, token])).toThrow(`Token ${token} at position 1`);
    }
    expect(() => tokenizer.encode('\ud800')).toThrow('lone surrogates');
  });
});

/** A llama2.c vocabulary: the special tokens, then these with falling scores. */
function vocabularyOf(tokens: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const all = [
    '<unk>',
    '\n<s>\n',
    '\n</s>\n',
    ...Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`),
    ...tokens,
  ].map((token) => encoder.encode(token));
  const file = new Uint8Array(4 + all.reduce((sum, { length }) => sum + 8 + length, 0));
  const view = new DataView(file.buffer);
  let at = 4;
  for (const [i, token] of all.entries()) {
    view.setFloat32(at, 259 - i, true);
    view.setInt32(at + 4, token.length, true);
    file.set(token, at + 8);
    at += 8 + token.length;
  }
  return file;
}

describe('a llama2.c vocabulary', () => {
  const file = vocabularyOf(['th', 'the', ' the', 't', 'h', 'e', ' ']);
  const tokenizer = parseLlama2cTokenizer(file, 'tok.bin');

  it('puts a space in front, merges the best pair first and falls back to bytes', () => {
    expect(Array.from(tokenizer.encode('the'))).toEqual([261]);
    expect(Array.from(tokenizer.encode('hé', { bos: true }))).toEqual([1, 265, 263, 3 + 0xc3, 3 + 0xa9]);
    expect(Array.from(tokenizer.encode(''))).toEqual([]);
    expect(tokenizer).toMatchObject({ vocabularySize: 266, bosId: 1, eosId: 2 });
  });

  it('round trip of any text', () => {
    fc.assert(
      fc.property(fc.oneof(text, words), (value) => {
        expect(tokenizer.decode(tokenizer.encode(value, { bos: true }))).toBe(value);
      }),
    );
  });

  it('is refused when it is damaged', () => {
    const refused = (bytes: Uint8Array, reason: string) => {
      let error: unknown;
      try {
        parseLlama2cTokenizer(bytes, 'tok.bin');
      } catch (thrown) {
        error = thrown;
      }
      expect((error as Error).message).toContain(reason);
      expect(isEspalierError(error, 'invalid-data')).toBe(true);
    };
    refused(file.slice(0, -1), 'tok.bin is truncated or damaged at token 265');
    refused(file.slice(0, 101), 'truncated');
    refused(new Uint8Array(), 'tok.bin has 0 tokens');
    const negative = file.slice();
    new DataView(negative.buffer).setInt32(8, -5, true);
    refused(negative, 'damaged at token 0');
    const nan = file.slice();
    new DataView(nan.buffer).setFloat32(4, Number.NaN, true);
    refused(nan, 'the score of token 0 is NaN');
  });

  it('gives a typed error or a tokenizer, whatever bytes are changed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 5 }), (changes) => {
        const changed = file.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          parseLlama2cTokenizer(changed).encode('the then');
        } catch (error) {
          expect(isEspalierError(error)).toBe(true);
        }
      }),
    );
  });
});

/** BPE over the whole text, as the small public models have it. */
const JSON_FILE = {
  version: '1.0',
  added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  pre_tokenizer: null,
  post_processor: null,
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: { '<unk>': 0, '<s>': 1, '</s>': 2, '▁': 3, t: 4, h: 5, e: 6, th: 7, the: 8, '▁the': 9, 'e▁t': 10 },
    merges: ['t h', 'th e', '▁ the', 'e▁ t'],
  },
};

describe('tokenizer.json', () => {
  const settings = {
    tokenizerConfig: {
      bos_token: '<s>',
      eos_token: { content: '</s>' },
      clean_up_tokenization_spaces: false,
    },
  };
  const tokenizer = huggingFaceTokenizer(JSON_FILE, settings);

  it('merges across words, and takes a run of unknown characters as one token', () => {
    expect(Array.from(tokenizer.encode('the the', { bos: true }))).toEqual([1, 9, 9]);
    expect(Array.from(tokenizer.encode('xyz thx'))).toEqual([3, 0, 3, 7, 0]);
    expect(tokenizer).toMatchObject({ vocabularySize: 11, bosId: 1, eosId: 2 });
    expect(Array.from(tokenizer.encode(''))).toEqual([]);
  });

  it('decodes without special tokens', () => {
    expect(tokenizer.decode([1, 9, 9, 2])).toBe('the the');
    expect(tokenizer.decode([])).toBe('');
    expect(() => tokenizer.decode([11])).toThrow(
      'Token 11 at position 0 is outside the vocabulary of tokenizer.json: 0 to 10',
    );
    expect(() => tokenizer.encode('\udc00')).toThrow('lone surrogates');
  });

  it('falls back to bytes where the vocabulary has them', () => {
    const bytes = Object.fromEntries(
      Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`, 11 + i]),
    );
    const withBytes = huggingFaceTokenizer(
      { ...JSON_FILE, model: { ...JSON_FILE.model, vocab: { ...JSON_FILE.model.vocab, ...bytes } } },
      settings,
    );
    expect(Array.from(withBytes.encode('é'))).toEqual([3, 11 + 0xc3, 11 + 0xa9]);
    fc.assert(
      fc.property(
        fc.oneof(words, fc.string({ maxLength: 20 })).filter((value) => !/<|▁|\ufeff/.test(value)),
        (value) => {
          expect(withBytes.decode(withBytes.encode(value))).toBe(value);
        },
      ),
    );
  });

  it('takes begin and end of text from config.json where its own files do not name them', () => {
    expect(
      huggingFaceTokenizer(JSON_FILE, { modelConfig: { bos_token_id: 1, eos_token_id: [2, 3] } }),
    ).toMatchObject({
      bosId: 1,
      eosId: 2,
    });
    const without = huggingFaceTokenizer(JSON_FILE);
    expect(without.bosId).toBeUndefined();
    expect(() => without.encode('the', { bos: true })).toThrow('tokenizer.json has no begin-of-text token');
  });

  it.each([
    ['no vocabulary', { ...JSON_FILE, model: {}, added_tokens: [] }, /has no vocabulary/],
    [
      'a token without a number',
      { ...JSON_FILE, model: { ...JSON_FILE.model, vocab: { a: 'x' } } },
      /the token "a" has the number "x"/,
    ],
    [
      'a number beyond reason',
      { ...JSON_FILE, model: { ...JSON_FILE.model, vocab: { a: 1e9 } } },
      /numbers 4 tokens up to 1000000000/,
    ],
    [
      'an unknown model',
      { ...JSON_FILE, model: { ...JSON_FILE.model, type: 'Other' } },
      /the model type "Other"/,
    ],
    ['an unknown decoder', { ...JSON_FILE, decoder: { type: 'Other' } }, /cannot be used/],
  ])('is refused with %s', (_, json, reason) => {
    let error: unknown;
    try {
      huggingFaceTokenizer(json as typeof JSON_FILE, {});
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error).message).toMatch(reason);
    expect(isEspalierError(error)).toBe(true);
  });
});

describe('the tokenizer of a folder', () => {
  it('is tokenizer.json, else the llama2.c vocabulary', async () => {
    const vocabulary = vocabularyOf(['a']);
    const config = jsonBytes({ ...TINY, vocab_size: 260 });
    const both = { 'config.json': config, 'tokenizer.json': jsonBytes(JSON_FILE), 'tok260.bin': vocabulary };
    expect((await openTokenizer(memoryFolder(both))).vocabularySize).toBe(11);
    const { 'tokenizer.json': _, ...older } = both;
    expect((await openTokenizer(memoryFolder(older))).name).toBe('memory/tok260.bin');
    expect((await openTokenizer(memoryFolder({ 'tokenizer.bin': vocabulary }))).vocabularySize).toBe(260);
    await expect(openTokenizer(memoryFolder({}))).rejects.toThrow('byteTokenizer()');
  });
});
