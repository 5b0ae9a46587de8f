import {
  type AttentionShape,
  createRandom,
  isEspalierError,
  type KVCache,
  type KVCompressorAlgorithm,
  type OptionsSchema,
} from '@espalier/core';
import { concat, gather, type Rank, type Tensor3D, tensor3d, zeros } from '@tensorflow/tfjs-core';
import { declarationChecks } from '../algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from '../check.js';
import { firstDifference } from '../same.js';
import { denseAttention } from './dense-attention.js';
import { largestDifference, leavesNoTensor, takeValues, valuesOf } from './tensors.js';

/** What the author of a compressor of the key-value cache supplies. */
export interface KVCompressorFixture {
  /** Options with which nothing is dropped or rounded in 24 tokens; without them, nothing is compared with dense attention. */
  readonly lossless?: object;
  /** Largest |difference| to dense attention of standard normal values; default 1e-4. */
  readonly tolerance?: number;
  /** Default: 4 query heads, 2 key-value heads, 8 dimensions, layer 1 of 4. */
  readonly shape?: AttentionShape;
}

interface Tokens {
  readonly queries: Tensor3D;
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
}

const SHAPE: AttentionShape = { heads: 4, keyValueHeads: 2, headDimension: 8, layer: 1, layers: 4 };
const PROMPT = 20;

/** The rules that every compressor of the key-value cache keeps. A tfjs backend must be registered. */
export function* kvCompressorChecks(
  algorithm: KVCompressorAlgorithm<string, OptionsSchema>,
  fixture: KVCompressorFixture = {},
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks(
  algorithm: KVCompressorAlgorithm<string, OptionsSchema>,
  { lossless, tolerance = 1e-4, shape = SHAPE }: KVCompressorFixture,
): Generator<Check> {
  const open = (options: object = {}, of = shape) => algorithm.create(options).open(of);
  const parts = [PROMPT, 1, 2, 1];

  yield* declarationChecks(algorithm);
  for (const [name, options] of Object.entries(algorithm.examples ?? { default: {} })) {
    yield {
      name: `answers with finite numbers of the right shape, with the example '${name}'`,
      async run() {
        const answers = await answersOf(open(options as object), shape, parts);
        answers.forEach((answer, i) => {
          const size = shape.heads * parts[i]! * shape.headDimension;
          assert(answer.length === size, `Part ${i}: ${answer.length} numbers instead of ${size}.`);
          assert(answer.every(Number.isFinite), `Part ${i} holds NaN or an infinity.`);
        });
      },
    };
  }
  if (lossless !== undefined) {
    yield {
      name: 'is dense attention while nothing is dropped',
      async run() {
        const actual = await answersOf(open(lossless), shape, parts);
        for (const [i, expected] of (await denseAnswers(shape, parts)).entries()) {
          const difference = largestDifference(actual[i]!, expected);
          assert(
            difference <= tolerance,
            `Part ${i} of ${parts.join(' + ')} tokens differs by ${difference}.`,
          );
        }
      },
    };
    yield {
      name: 'answers the last tokens of a longer prompt as it answers them one by one',
      async run() {
        const [whole] = await answersOf(open(lossless), shape, [PROMPT + 2]);
        const [, ...single] = await answersOf(open(lossless), shape, [PROMPT, 1, 1]);
        single.forEach((answer, i) => {
          const expected = rowsAt(whole!, shape, PROMPT + 2, PROMPT + i);
          const difference = largestDifference(answer, expected);
          assert(difference <= tolerance, `Token ${PROMPT + i} differs by ${difference}.`);
        });
      },
    };
  }
  yield {
    name: 'permuting the heads permutes the answer',
    async run() {
      const equal = { ...shape, keyValueHeads: shape.heads };
      const plain = await answersOf(open({}, equal), equal, parts);
      const turned = await answersOf(open({}, equal), equal, parts, reverseHeads);
      plain.forEach((answer, i) => {
        const size = answer.length / shape.heads;
        const expected = answer.map(
          (_, at) => answer[(shape.heads - 1 - Math.floor(at / size)) * size + (at % size)]!,
        );
        const difference = largestDifference(turned[i]!, expected);
        assert(difference <= tolerance, `Part ${i} differs by ${difference}.`);
      });
    },
  };
  yield {
    name: 'gives the same answers again, bit for bit',
    async run() {
      const [first, second] = [await answersOf(open(), shape, parts), await answersOf(open(), shape, parts)];
      const difference = firstDifference(first, second);
      assert(difference === undefined, `Two caches differ at ${difference}.`);
    },
  };
  yield {
    name: 'keeps caches apart',
    async run() {
      const compressor = algorithm.create();
      const alone = await answersOf(compressor.open(shape), shape, parts);
      const other = compressor.open(shape);
      const beside = await answersOf(compressor.open(shape), shape, parts, (tokens) => {
        const more = randomTokens(shape, tokens.keys.shape[1], 99);
        feed(other, more).dispose();
        dispose(more);
        return tokens;
      });
      other.dispose();
      const difference = firstDifference(alone, beside);
      assert(difference === undefined, `Beside another cache its answers differ at ${difference}.`);
    },
  };
  yield {
    name: 'counts the tokens that it has seen',
    async run() {
      const cache = open();
      const seen: number[] = [cache.length];
      for (const count of parts) {
        const tokens = randomTokens(shape, count, count);
        feed(cache, tokens).dispose();
        dispose(tokens);
        seen.push(cache.length);
      }
      cache.dispose();
      assert(
        seen.join() === '0,20,21,23,24',
        `After 0, 20, 21, 23 and 24 tokens its length was ${seen.join(', ')}.`,
      );
    },
  };
  yield {
    name: 'says how many bytes it stores',
    async run() {
      const cache = open();
      const tokens = randomTokens(shape, PROMPT, 1);
      feed(cache, tokens).dispose();
      dispose(tokens);
      const bytes = cache.bytes();
      cache.dispose();
      assert(Number.isFinite(bytes) && bytes > 0, `After ${PROMPT} tokens it says ${bytes}.`);
    },
  };
  yield {
    name: 'leaves queries, keys and values unchanged',
    async run() {
      const cache = open();
      const tokens = randomTokens(shape, PROMPT, 1);
      const before = await Promise.all(Object.values(tokens).map(valuesOf));
      feed(cache, tokens).dispose();
      cache.dispose();
      const after = await Promise.all(Object.values(tokens).map(valuesOf));
      dispose(tokens);
      const difference = firstDifference(before, after);
      assert(difference === undefined, `An input was changed at ${difference}.`);
    },
  };
  yield {
    name: 'refuses shapes of attention that are not possible',
    async run() {
      for (const bad of [
        { ...shape, heads: 3, keyValueHeads: 2 },
        { ...shape, heads: 0 },
        { ...shape, headDimension: 0 },
        { ...shape, layer: shape.layers },
      ])
        await refuses(`The shape ${JSON.stringify(bad)}`, () => open({}, bad).dispose());
    },
  };
  yield {
    name: 'refuses tensors that do not fit, and stays as it was',
    async run() {
      const cache = open();
      const tokens = randomTokens(shape, PROMPT, 1);
      const wrong = zeros<Rank.R3>([shape.keyValueHeads, PROMPT, shape.headDimension + 1]);
      await refuses('Keys of another dimension', () => feed(cache, { ...tokens, keys: wrong }).dispose());
      await refuses('Values of another dimension', () => feed(cache, { ...tokens, values: wrong }).dispose());
      wrong.dispose();
      assert(cache.length === 0, `After what was refused its length is ${cache.length}.`);
      const answer = await takeValues(feed(cache, tokens));
      cache.dispose();
      dispose(tokens);
      const [expected] = await answersOf(open(), shape, [PROMPT]);
      assert(firstDifference(answer, expected) === undefined, 'What was refused changed the answers.');
    },
  };
  yield {
    name: 'takes one prompt, and stays as it was when it gets another',
    async run() {
      const [whole, next] = split(shape, parts) as [Tokens, Tokens];
      const cache = open();
      feed(cache, whole).dispose();
      const { length } = cache;
      const { queries, keys, values } = whole;
      await refuses('A second prompt', () => cache.prefill(queries, keys, values).dispose());
      if (cache.fill) await refuses('A second prompt, to fill', () => cache.fill?.(queries, keys, values));
      assert(cache.length === length, `Its length was ${length}, and is ${cache.length} after that.`);
      const answer = await takeValues(feed(cache, next));
      cache.dispose();
      dispose(whole);
      dispose(next);
      const [, expected] = await answersOf(open(), shape, parts.slice(0, 2));
      assert(firstDifference(answer, expected) === undefined, 'What was refused changed the answers.');
    },
  };
  yield {
    name: 'leaves no tensor behind',
    run: () => leavesNoTensor('A cache', async () => void (await answersOf(open(), shape, parts))),
  };
}

/** The answers to `parts` of one stream of tokens, the first by `prefill`; disposes of the cache. */
async function answersOf(
  cache: KVCache,
  shape: AttentionShape,
  parts: readonly number[],
  change: (tokens: Tokens) => Tokens = (tokens) => tokens,
): Promise<Float32Array[]> {
  const answers: Float32Array[] = [];
  for (const tokens of split(shape, parts)) {
    const changed = change(tokens);
    const answer = feed(cache, changed);
    const [heads, count, dimension] = tokens.queries.shape;
    assert(
      answer.shape.join() === [heads, count, dimension].join(),
      `The answer has the shape [${answer.shape}] instead of [${tokens.queries.shape}].`,
    );
    answers.push(await takeValues(answer));
    dispose(tokens);
    if (changed !== tokens) dispose(changed);
  }
  cache.dispose();
  return answers;
}

async function denseAnswers(shape: AttentionShape, parts: readonly number[]): Promise<Float32Array[]> {
  const answers: Float32Array[] = [];
  let [keys, values] = [undefined, undefined] as [Tensor3D | undefined, Tensor3D | undefined];
  for (const tokens of split(shape, parts)) {
    const [k, v] = [keys, values];
    keys = k ? concat([k, tokens.keys], 1) : tokens.keys.clone();
    values = v ? concat([v, tokens.values], 1) : tokens.values.clone();
    k?.dispose();
    v?.dispose();
    answers.push(await takeValues(denseAttention(tokens.queries, keys, values)));
    dispose(tokens);
  }
  keys?.dispose();
  values?.dispose();
  return answers;
}

/** One stream in parts: the first tokens are the same however it is split. */
function split(shape: AttentionShape, parts: readonly number[]): Tokens[] {
  let start = 0;
  return parts.map((count) => {
    const tokens = randomTokens(shape, count, 1, start);
    start += count;
    return tokens;
  });
}

/** Standard normal tokens; token `start + i` of a seed depends on its position alone. */
function randomTokens(
  { heads, keyValueHeads, headDimension }: AttentionShape,
  count: number,
  seed: number,
  start = 0,
): Tokens {
  const random = createRandom(seed);
  const make = (label: string, n: number): Tensor3D => {
    const data = new Float32Array(n * count * headDimension);
    for (let h = 0; h < n; h++)
      for (let t = 0; t < count; t++) {
        const token = random.fork(`${label} ${h} ${start + t}`);
        for (let d = 0; d < headDimension; d++) data[(h * count + t) * headDimension + d] = token.normal();
      }
    return tensor3d(data, [n, count, headDimension]);
  };
  return { queries: make('q', heads), keys: make('k', keyValueHeads), values: make('v', keyValueHeads) };
}

function feed(cache: KVCache, { queries, keys, values }: Tokens): Tensor3D {
  return cache.length === 0 ? cache.prefill(queries, keys, values) : cache.decode(queries, keys, values);
}

function reverseHeads({ queries, keys, values }: Tokens): Tokens {
  const turn = (x: Tensor3D) => {
    const order = Array.from({ length: x.shape[0] }, (_, i) => x.shape[0] - 1 - i);
    return gather(x, order) as Tensor3D;
  };
  return { queries: turn(queries), keys: turn(keys), values: turn(values) };
}

/** Row `token` of each head, from `[heads, count, headDimension]`. */
function rowsAt(
  answer: Float32Array,
  { heads, headDimension: d }: AttentionShape,
  count: number,
  token: number,
): Float32Array {
  const rows = Array.from({ length: heads }, (_, h) => {
    const at = (h * count + token) * d;
    return [...answer.subarray(at, at + d)];
  });
  return Float32Array.from(rows.flat());
}

function dispose({ queries, keys, values }: Tokens): void {
  queries.dispose();
  keys.dispose();
  values.dispose();
}

async function refuses(what: string, work: () => void): Promise<void> {
  const error = await thrownBy(work, what);
  assert(
    isEspalierError(error, 'invalid-problem') || isEspalierError(error, 'unsupported'),
    `${what} threw ${String(error)} instead of an InvalidProblemError.`,
  );
}
