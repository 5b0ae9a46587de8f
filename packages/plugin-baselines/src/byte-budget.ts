import {
  type AttentionShape,
  createRandom,
  describeAlgorithm,
  isEspalierError,
  type JsonObject,
  type KVCompressor,
  type KVCompressorAlgorithm,
  type OptionsSchema,
  type Services,
} from '@espalier/core';
import type { LlamaModel } from '@espalier/models';
import { dispose, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';

/** What a cache is filled with when its bytes are counted. */
export interface Load {
  readonly shape: AttentionShape;
  /** Tokens of the prompt. */
  readonly prompt: number;
  /** Tokens that are decoded after it. */
  readonly decoded: number;
}

/** One layer of a decoder after a prompt and decoded tokens. */
export function layerLoad({ config }: LlamaModel, prompt: number, decoded: number): Load {
  const { layers, heads, kvHeads, headDim } = config;
  const shape = { heads, keyValueHeads: kvHeads, headDimension: headDim, layer: 0, layers };
  return { shape, prompt, decoded };
}

/** A cache within a budget. */
export interface Budgeted {
  readonly compressor: KVCompressor;
  /** The value of the option `budget`; undefined where the method has none, and runs as it is. */
  readonly budget?: number;
  /** Bytes after the load over those of keys and values in float32. */
  readonly share: number;
}

/** The smallest budget that is tried. */
const LEAST = 1 / 1024;
/** A cache is full enough when at most this share of the bytes that it may take is left, or the budget is known to as much. */
const LEFT = 0.01;
const CLOSE = 0.005;
const MOST_TRIALS = 8;

/**
 * The method with the largest `budget` whose cache holds at most `share` of the bytes that keys and values take in float32, everything
 * counted: positions, scores, bitmaps. What `budget` means to a method (tokens, elements of another type) does not matter: bytes are
 * counted, with random keys and values. A method without such an option runs as it is.
 * @returns the reason, where even the smallest budget takes more
 */
export function withinBytes(
  algorithm: KVAlgorithm,
  options: JsonObject,
  services: Partial<Services>,
  load: Load,
  share: number,
): Budgeted | string {
  return withTrials(algorithm, options, services, load, (tried) =>
    hasBudget(algorithm)
      ? largestWithin(tried, leastBudget(algorithm, options, load), share, algorithm.name)
      : tried(),
  );
}

/** True, or what {@link withinBytes} would say: with one trial. */
export function fitsInto(
  algorithm: KVAlgorithm,
  options: JsonObject,
  load: Load,
  share: number,
): true | string {
  if (!hasBudget(algorithm)) return true;
  return withTrials(algorithm, options, {}, load, (tried) => {
    const least = tried(leastBudget(algorithm, options, load));
    return least.share <= share || refusal(algorithm.name, least, share);
  });
}

type KVAlgorithm = KVCompressorAlgorithm<string, OptionsSchema>;
type Tried = (budget?: number) => Budgeted;

function withTrials<T>(
  algorithm: KVAlgorithm,
  options: JsonObject,
  services: Partial<Services>,
  load: Load,
  work: (tried: Tried) => T,
): T {
  const random = createRandom();
  const tensors = [load.prompt, load.decoded].map((tokens) => {
    const of = (heads: number) => normal(heads, tokens, load.shape.headDimension, random.normal);
    return [of(load.shape.heads), of(load.shape.keyValueHeads), of(load.shape.keyValueHeads)] as const;
  });
  const [prompt, decoded] = tensors as [Tokens, Tokens];
  try {
    return work((budget) => {
      const chosen = budget === undefined ? options : { ...options, budget };
      const compressor = algorithm.create(chosen as JsonObject, services);
      const share = bytesOf(compressor, load, prompt, decoded) / denseBytes(load);
      return { compressor, ...(budget !== undefined && { budget }), share };
    });
  } finally {
    for (const each of tensors) dispose([...each]);
  }
}

/** Bytes of keys and values in float32. */
function denseBytes({ shape, prompt, decoded }: Load): number {
  return 2 * 4 * shape.keyValueHeads * shape.headDimension * (prompt + decoded);
}

type Tokens = readonly [queries: Tensor3D, keys: Tensor3D, values: Tensor3D];

/** {@link LEAST}, or the least that the method does not refuse for heads of this shape, as closely as budgets are told apart. */
function leastBudget(algorithm: KVAlgorithm, options: JsonObject, { shape }: Load): number {
  const opens = (budget: number): boolean => {
    try {
      algorithm
        .create({ ...options, budget } as JsonObject)
        .open(shape)
        .dispose();
      return true;
    } catch (error) {
      if (isEspalierError(error, 'unsupported')) return false;
      throw error;
    }
  };
  if (opens(LEAST)) return LEAST;
  let [refused, taken] = [LEAST, 1];
  while (taken - refused > CLOSE) {
    const middle = (refused + taken) / 2;
    if (opens(middle)) taken = middle;
    else refused = middle;
  }
  return taken;
}

/** By false position: bytes are nearly linear in the budget. */
function largestWithin(tried: Tried, leastBudget: number, share: number, name: string): Budgeted | string {
  let below = tried(leastBudget);
  if (below.share > share) return refusal(name, below, share);
  let above = tried(1);
  if (above.share <= share) return above;
  for (let i = 0; i < MOST_TRIALS && below.share < (1 - LEFT) * share; i++) {
    const [low, high] = [below.budget!, above.budget!];
    if (high - low < CLOSE) break;
    const part = (share - below.share) / (above.share - below.share);
    // Steps and rounding: now and then the middle, so that both ends move.
    const next = tried(low + (high - low) * (i % 3 === 2 ? 0.5 : Math.min(Math.max(part, 0.02), 0.98)));
    if (next.share <= share) below = next;
    else above = next;
  }
  return below;
}

function refusal(name: string, least: Budgeted, share: number): string {
  return `${name} holds at least ${percent(least.share)} of the bytes in float32; ${percent(share)} are allowed.`;
}

function bytesOf(compressor: KVCompressor, { shape, decoded }: Load, prompt: Tokens, rest: Tokens): number {
  const cache = compressor.open(shape);
  try {
    if (cache.fill) cache.fill(...prompt);
    else cache.prefill(...prompt).dispose();
    if (decoded > 0) cache.decode(...rest).dispose();
    return cache.bytes();
  } finally {
    cache.dispose();
  }
}

function hasBudget(algorithm: KVAlgorithm): boolean {
  return describeAlgorithm(algorithm, '').options.some(({ name }) => name === 'budget');
}

function normal(heads: number, tokens: number, d: number, draw: () => number): Tensor3D {
  return tensor3d(Float32Array.from({ length: heads * tokens * d }, draw), [heads, tokens, d]);
}

const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
