import {
  type AttentionShape,
  defineKVCompressor,
  InvalidProblemError,
  type KVCache,
  type KVCompressorAlgorithm,
  type OptionsSchema,
} from '@espalier/core';
import { concat, keep, mul, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { denseAttention } from '../../src/neural/dense-attention.js';

interface Hooks {
  possible?: (shape: AttentionShape) => boolean;
  fits?: (shape: AttentionShape, queries: Tensor3D, keys: Tensor3D, values: Tensor3D) => boolean;
  answer?: (output: Tensor3D, seen: number, part: number) => Tensor3D;
  /** Tokens that stay. */
  window?: number;
  count?: (tokens: number) => number;
  bytes?: (bytes: number) => number;
  atEnd?: 'dispose' | 'forget';
  input?: 'leave' | 'dispose';
  share?: 'nothing' | 'the cache';
  prompts?: 'one' | 'many';
}

const possible = ({ heads, keyValueHeads, headDimension, layer, layers }: AttentionShape) =>
  Math.min(heads, keyValueHeads, headDimension) >= 1 && heads % keyValueHeads === 0 && layer < layers;
const fits = ({ headDimension: d }: AttentionShape, ...tensors: Tensor3D[]) =>
  tensors.every(({ shape }) => shape[2] === d);

/** Keeps every token, with a hole for every rule. */
function compressor(hooks: Hooks = {}): KVCompressorAlgorithm<string, OptionsSchema> {
  return defineKVCompressor({
    name: 'keeps-all',
    summary: 'Keeps every token.',
    options: z.strictObject({}),
    create() {
      const shared = { keys: undefined, values: undefined };
      return {
        open: (shape) =>
          open(shape, hooks, hooks.share === 'the cache' ? shared : { keys: undefined, values: undefined }),
      };
    },
  });
}

interface Kept {
  keys: Tensor3D | undefined;
  values: Tensor3D | undefined;
}

function open(shape: AttentionShape, hooks: Hooks, kept: Kept): KVCache {
  if (!(hooks.possible ?? possible)(shape)) throw new InvalidProblemError('There is no such attention.');
  let length = 0;
  const append = (old: Tensor3D | undefined, next: Tensor3D): Tensor3D => {
    const whole = old ? concat([old, next], 1) : next;
    const start = Math.max(0, whole.shape[1] - (hooks.window ?? 1000));
    return keep(slice(whole, [0, start, 0], [-1, -1, -1]));
  };
  const step = (queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D => {
    if (!(hooks.fits ?? fits)(shape, queries, keys, values))
      throw new InvalidProblemError('The tensors do not fit.');
    const output = tidy(() => {
      const [oldKeys, oldValues] = [kept.keys, kept.values];
      kept.keys = append(oldKeys, keys);
      kept.values = append(oldValues, values);
      oldKeys?.dispose();
      oldValues?.dispose();
      const result = denseAttention(queries, kept.keys, kept.values);
      return hooks.answer ? hooks.answer(result, length, keys.shape[1]) : result;
    });
    length += hooks.count ? hooks.count(keys.shape[1]) : keys.shape[1];
    if (hooks.input === 'dispose') keys.dispose();
    return output;
  };
  return {
    prefill(queries, keys, values) {
      if (length > 0 && hooks.prompts !== 'many') throw new InvalidProblemError('There was a prompt before.');
      return step(queries, keys, values);
    },
    decode: step,
    bytes: () => (hooks.bytes ?? ((n) => n))(2 * 4 * (kept.keys?.size ?? 0)),
    get length() {
      return length;
    },
    dispose() {
      if (hooks.atEnd === 'forget') return;
      kept.keys?.dispose();
      kept.values?.dispose();
      kept.keys = undefined;
      kept.values = undefined;
    },
  };
}

let answers = 0;
export const good = compressor();
const [DENSE, LONGER, ONE_PROMPT] = [
  'is dense attention while nothing is dropped',
  'answers the last tokens of a longer prompt as it answers them one by one',
  'takes one prompt, and stays as it was when it gets another',
];

/** Broken compressors by what is wrong, each with the checks that must fail, and only these. */
export const broken: Readonly<
  Record<
    string,
    { readonly make: () => KVCompressorAlgorithm<string, OptionsSchema>; readonly fails: readonly string[] }
  >
> = {
  'scales its answers': {
    make: () => compressor({ answer: (output) => mul(output, 1.01) }),
    fails: [DENSE],
  },
  'forgets the prompt when it decodes': {
    make: () => compressor({ answer: (output, seen) => (seen > 0 ? mul(output, 0.5) : output) }),
    fails: [DENSE, LONGER],
  },
  'answers with a part of the tokens': {
    make: () => compressor({ answer: (output) => slice(output, [0, 0, 0], [-1, 1, -1]) }),
    fails: [
      "answers with finite numbers of the right shape, with the example 'default'",
      DENSE,
      LONGER,
      'permuting the heads permutes the answer',
      'gives the same answers again, bit for bit',
      'keeps caches apart',
      'refuses tensors that do not fit, and stays as it was',
      ONE_PROMPT,
      'leaves no tensor behind',
    ],
  },
  'prefers the first head': {
    make: () =>
      compressor({
        answer: (output) =>
          concat([mul(slice(output, [0, 0, 0], [1, -1, -1]), 2), slice(output, [1, 0, 0], [-1, -1, -1])], 0),
      }),
    fails: [DENSE, 'permuting the heads permutes the answer'],
  },
  'counts the calls, not the tokens': {
    make: () => compressor({ count: () => 1 }),
    fails: ['counts the tokens that it has seen'],
  },
  'says that it stores nothing': {
    make: () => compressor({ bytes: () => 0 }),
    fails: ['says how many bytes it stores'],
  },
  'takes any shape of attention': {
    make: () => compressor({ possible: () => true }),
    fails: ['refuses shapes of attention that are not possible'],
  },
  'takes any tensors': {
    make: () => compressor({ fits: () => true }),
    fails: ['refuses tensors that do not fit, and stays as it was'],
  },
  'disposes of the keys that it is given': {
    make: () => compressor({ input: 'dispose' }),
    fails: ['leaves queries, keys and values unchanged'],
  },
  'shares one cache among sequences': {
    make: () => compressor({ share: 'the cache' }),
    fails: ['keeps caches apart'],
  },
  'drops tokens that it says it keeps': {
    make: () => compressor({ window: 21 }),
    fails: [DENSE, LONGER],
  },
  'is never the same': {
    make: () => compressor({ answer: (output) => mul(output, 1 + (answers++ % 19) / 1e6) }),
    fails: [
      'gives the same answers again, bit for bit',
      'keeps caches apart',
      'refuses tensors that do not fit, and stays as it was',
      ONE_PROMPT,
    ],
  },
  'takes a second prompt': {
    make: () => compressor({ prompts: 'many' }),
    fails: [ONE_PROMPT],
  },
  'forgets its tensors when it is disposed of': {
    make: () => compressor({ atEnd: 'forget' }),
    fails: ['leaves no tensor behind'],
  },
};
