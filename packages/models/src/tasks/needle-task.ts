import {
  type AttentionShape,
  createRandom,
  DEFAULT_SEED,
  InvalidProblemError,
  type RandomSource,
} from '@espalier/core';

/** See {@link needleTask}. */
export interface NeedleOptions {
  /** Tokens of the prompt, at least 64. */
  readonly length: number;
  /** Where the needle stands, from 0 (start) to 1 (end). */
  readonly depth: number;
  /** Each with a needle and a code of its own. Default 4. */
  readonly heads?: number;
  /** Weight of the needle in the last queries of the prompt, in [0, 1]: what a method that looks at them can know. Default 0. */
  readonly hint?: number;
  /** `plain`: clustered keys only. `realistic`: also 4 sink tokens and attention that decays with distance, as heads of trained models show. */
  readonly structure?: 'plain' | 'realistic';
  readonly seed?: number;
}

/** A prompt that hides one code a head, and the question whose attention finds it. Arrays are `[heads, tokens, d]`. */
export interface NeedleTask {
  readonly shape: AttentionShape;
  readonly length: number;
  readonly needle: number;
  readonly prompt: AttentionArrays;
  /** One token: its query looks for the needle. */
  readonly question: AttentionArrays;
  /** By head; the first {@link CODES} numbers of a value are the codes. */
  readonly codes: Int32Array;
  /** Attention that the dense question gives to the needle, by head: at least 0.6. */
  readonly denseWeights: Float64Array;
}

/** Queries, keys and values after RoPE, row-major. */
export interface AttentionArrays {
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** Codes that a needle's value can be. */
export const CODES = 32;
const CLUSTERS = 64;
const DIRECTIONS = 16;
const NOISE = 0.3;
/** The last queries of a prompt, which methods look at. */
const OBSERVED = 32;
const NEEDLE_WEIGHT = 0.6;
/** Numbers of a head for content; positions and sinks have others. */
const CONTENT = 64;
const SINKS = 4;
/** Scores, before the softmax, of a sink and of a token at distance 0, and the distance at which that has fallen to 1/e. */
const SINK_SCORE = 5;
const LOCAL_SCORE = 3;
const LOCAL_LENGTH = 24;
/** Score of a query of the prompt for the keys of the cluster that it looks at: most of its attention goes there. */
const CLUSTER_SCORE = 5;
/** Pairs of numbers whose cosines add up to the decay with distance. */
const FREQUENCIES = 31;

/**
 * A needle in a haystack at the level of attention; no model is needed, so that any length can be tried. Keys are unit vectors around 64 centres;
 * the needle's key is drawn apart from them; values of a cluster are one of 16 random directions, the needle's is a one-hot code. The question's query
 * is the needle's key, scaled so that dense attention gives it 0.6 or more, plus noise.
 *
 * @throws InvalidProblemError for options out of range
 */
export function needleTask(options: NeedleOptions): NeedleTask {
  const { length, depth, heads = 4, hint = 0, structure = 'plain', seed = DEFAULT_SEED } = options;
  checkOptions(length, depth, heads, hint);
  const realistic = structure === 'realistic';
  const d = realistic ? 2 * CONTENT : CONTENT;
  // A sink holds no needle: it has a role of its own.
  const needle = Math.max(realistic ? SINKS : 0, Math.round(depth * (length - 1)));
  const prompt = arrays(heads * length * d);
  const question = arrays(heads * d);
  const codes = new Int32Array(heads);
  const denseWeights = new Float64Array(heads);
  const random = createRandom(seed);
  for (let head = 0; head < heads; head++) {
    const part = (x: Float32Array, tokens: number) => x.subarray(head * tokens * d, (head + 1) * tokens * d);
    const own: Head = {
      random: random.fork(`head ${head}`),
      ...{ d, length, needle, hint, realistic },
      prompt: mapArrays(prompt, (x) => part(x, length)),
      question: mapArrays(question, (x) => part(x, 1)),
    };
    ({ code: codes[head], weight: denseWeights[head] } = fillHead(own));
  }
  const shape = { heads, keyValueHeads: heads, headDimension: d, layer: 0, layers: 1 };
  return { shape, length, needle, prompt, question, codes, denseWeights };
}

function checkOptions(length: number, depth: number, heads: number, hint: number): void {
  const refuse = (what: string) => {
    throw new InvalidProblemError(`A needle task has ${what}.`);
  };
  if (!(Number.isSafeInteger(length) && length >= 64))
    refuse(`a length of at least 64 tokens; given ${length}`);
  if (!(depth >= 0 && depth <= 1)) refuse(`a depth in [0, 1]; given ${depth}`);
  if (!(Number.isSafeInteger(heads) && heads >= 1)) refuse(`at least one head; given ${heads}`);
  if (!(hint >= 0 && hint <= 1)) refuse(`a hint in [0, 1]; given ${hint}`);
}

interface Head {
  readonly random: RandomSource;
  readonly d: number;
  readonly length: number;
  readonly needle: number;
  readonly hint: number;
  readonly realistic: boolean;
  readonly prompt: AttentionArrays;
  readonly question: AttentionArrays;
}

/** Fills the arrays of one head. */
function fillHead(head: Head): { readonly code: number; readonly weight: number } {
  const { random, d, length, needle, hint, realistic, prompt, question } = head;
  const centres = Array.from({ length: CLUSTERS }, () => unit(random, CONTENT));
  const directions = Array.from({ length: DIRECTIONS }, () => unit(random, CONTENT));
  const needleKey = apartFrom(centres, random);
  const code = random.integer(CODES);
  const scale = Math.sqrt(d);
  const token = (to: AttentionArrays, at: number, position: number) => {
    const cluster = random.integer(CLUSTERS);
    to.keys.set(at === needle && to === prompt ? needleKey : noisy(centres[cluster], random), at * d);
    to.values.set(directions[cluster % DIRECTIONS], at * d);
    const looksAt = centres[random.integer(CLUSTERS)];
    const hinted = position >= length - OBSERVED && position < length ? hint : 0;
    for (let i = 0; i < CONTENT; i++)
      to.queries[at * d + i] = CLUSTER_SCORE * scale * ((1 - hinted) * looksAt[i] + hinted * needleKey[i]);
    if (realistic) addStructure(to, at, position, d);
  };
  for (let position = 0; position < length; position++) token(prompt, position, position);
  prompt.values.fill(0, needle * d, (needle + 1) * d);
  prompt.values[needle * d + code] = 1;
  token(question, 0, length);
  return { code, weight: aim(head, needleKey) };
}

/** Sinks and the decay with distance, in the numbers after the content: a mean of cosines whose frequencies follow a Cauchy law is exp(-distance / length). */
function addStructure({ queries, keys }: AttentionArrays, at: number, position: number, d: number): void {
  const scale = Math.sqrt(d);
  const start = at * d + CONTENT;
  keys[start] = position < SINKS ? 1 : 0;
  queries[start] = SINK_SCORE * scale;
  for (let m = 0; m < FREQUENCIES; m++) {
    const frequency = Math.tan((Math.PI / 2) * ((m + 0.5) / FREQUENCIES)) / LOCAL_LENGTH;
    const [cos, sin] = [Math.cos(frequency * position), Math.sin(frequency * position)];
    keys.set([cos, sin], start + 1 + 2 * m);
    const strength = (LOCAL_SCORE * scale) / FREQUENCIES;
    queries.set([strength * cos, strength * sin], start + 1 + 2 * m);
  }
}

/** Sets the question's query, scaled until the needle gets its weight. @returns that weight */
function aim({ random, d, length, needle, prompt, question }: Head, needleKey: Float64Array): number {
  const noise = unit(random, CONTENT).map((x) => NOISE * x);
  const { queries, keys } = question;
  const scores = new Float64Array(length + 1);
  const weightAt = (s: number): number => {
    for (let i = 0; i < CONTENT; i++) queries[i] = s * needleKey[i] + noise[i];
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j <= length; j++) {
      scores[j] = dot(queries, 0, j < length ? prompt.keys : keys, j < length ? j * d : 0, d) / Math.sqrt(d);
      largest = Math.max(largest, scores[j]);
    }
    const sum = scores.reduce((a, score) => a + Math.exp(score - largest), 0);
    return Math.exp(scores[needle] - largest) / sum;
  };
  let [low, high] = [0, Math.sqrt(d)];
  while (weightAt(high) < NEEDLE_WEIGHT) [low, high] = [high, 2 * high];
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (weightAt(middle) < NEEDLE_WEIGHT) low = middle;
    else high = middle;
  }
  return weightAt(high);
}

/** The one of 32 random unit vectors that is farthest from all centres. */
function apartFrom(centres: readonly Float64Array[], random: RandomSource): Float64Array {
  let best = unit(random, CONTENT);
  const nearness = (x: Float64Array) => Math.max(...centres.map((centre) => dot(x, 0, centre, 0, CONTENT)));
  for (let i = 1; i < 32; i++) {
    const candidate = unit(random, CONTENT);
    if (nearness(candidate) < nearness(best)) best = candidate;
  }
  return best;
}

function noisy(centre: Float64Array, random: RandomSource): Float64Array {
  const noise = unit(random, centre.length);
  return normalized(centre.map((x, i) => x + NOISE * noise[i]));
}

function unit(random: RandomSource, size: number): Float64Array {
  return normalized(Float64Array.from({ length: size }, () => random.normal()));
}

function normalized(x: Float64Array): Float64Array {
  const norm = Math.sqrt(dot(x, 0, x, 0, x.length));
  return x.map((value) => value / norm);
}

function dot(a: ArrayLike<number>, aStart: number, b: ArrayLike<number>, bStart: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

function arrays(size: number): AttentionArrays {
  return { queries: new Float32Array(size), keys: new Float32Array(size), values: new Float32Array(size) };
}

function mapArrays(
  { queries, keys, values }: AttentionArrays,
  change: (x: Float32Array) => Float32Array,
): AttentionArrays {
  return { queries: change(queries), keys: change(keys), values: change(values) };
}
