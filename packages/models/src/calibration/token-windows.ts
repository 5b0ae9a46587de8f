import { type Batch, createRandom, DEFAULT_SEED, InvalidProblemError } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';

/**
 * Consecutive windows of a stream of tokens, without overlap; the rest is dropped.
 * @param window tokens of each, at least 1
 * @throws InvalidProblemError for a stream shorter than one window, or a token that is no whole number
 */
export function consecutiveWindows(tokens: ArrayLike<number>, window: number): readonly Int32Array[] {
  checkWindow(tokens, window);
  return Array.from({ length: Math.floor(tokens.length / window) }, (_, i) =>
    slice(tokens, i * window, window),
  );
}

/** See {@link calibrationWindows}. */
export interface CalibrationWindows {
  /** Tokens of a window; default 256. */
  readonly window?: number;
  /** Default 64. */
  readonly count?: number;
  /** The first windows of the stream, or windows that begin anywhere. Default `first`. */
  readonly order?: 'first' | 'random';
  /** Of random windows. */
  readonly seed?: number;
}

/**
 * The windows of a token stream that methods calibrate on: by default the first 64 of 256 tokens, or all where there are fewer.
 * @throws InvalidProblemError for a stream shorter than one window, or a token that is no whole number
 */
export function calibrationWindows(
  tokens: ArrayLike<number>,
  { window = 256, count = 64, order = 'first', seed = DEFAULT_SEED }: CalibrationWindows = {},
): readonly Int32Array[] {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new InvalidProblemError(`The number of windows is a whole number of at least 1; given ${count}.`);
  if (order === 'first') return consecutiveWindows(tokens, window).slice(0, count);
  checkWindow(tokens, window);
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    slice(tokens, random.integer(tokens.length - window + 1), window),
  );
}

/** Batches of tokens, made once and read as often as one likes, until `dispose`. */
export interface TokenBatches extends Iterable<Batch> {
  readonly length: number;
  dispose(): void;
}

/**
 * Windows of one length as batches, int32 `[batchSize, tokens]`; the last may be smaller.
 * @throws InvalidProblemError for no window, or windows of different lengths
 */
export function tokenBatches(windows: readonly Int32Array[], batchSize = 8): TokenBatches {
  const window = windows[0]?.length ?? 0;
  if (window === 0 || windows.some(({ length }) => length !== window))
    throw new InvalidProblemError('Batches are made of at least one window, all of one length above 0.');
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1))
    throw new InvalidProblemError(`A batch has a whole number of at least 1 windows; given ${batchSize}.`);
  const batches: Batch[] = [];
  for (let start = 0; start < windows.length; start += batchSize) {
    const part = windows.slice(start, start + batchSize);
    const flat = new Int32Array(part.length * window);
    part.forEach((tokens, i) => {
      flat.set(tokens, i * window);
    });
    batches.push({ inputs: tensor2d(flat, [part.length, window], 'int32') });
  }
  return {
    length: batches.length,
    [Symbol.iterator]: () => batches[Symbol.iterator](),
    dispose() {
      for (const { inputs } of batches) inputs.dispose();
    },
  };
}

/** Tokens of a file of little-endian uint16. @throws InvalidProblemError for an odd number of bytes or none */
export function tokensFromBytes(bytes: Uint8Array): Uint16Array {
  if (bytes.length === 0 || bytes.length % 2 !== 0)
    throw new InvalidProblemError(`Tokens take two bytes each; given ${bytes.length} bytes.`);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i] | (bytes[2 * i + 1] << 8));
}

function checkWindow(tokens: ArrayLike<number>, window: number): void {
  if (!(Number.isSafeInteger(window) && window >= 1))
    throw new InvalidProblemError(`A window is a whole number of at least 1 tokens; given ${window}.`);
  if (tokens.length < window)
    throw new InvalidProblemError(
      `The stream of ${tokens.length} tokens is shorter than one window of ${window}.`,
    );
}

function slice(tokens: ArrayLike<number>, start: number, length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => wholeToken(tokens[start + i], start + i));
}

/** @throws InvalidProblemError for what an int32 would round or wrap without a word */
export function wholeToken(token: number, position: number): number {
  if ((token | 0) !== token)
    throw new InvalidProblemError(`A token is a whole number; given ${token} at position ${position}.`);
  return token;
}
