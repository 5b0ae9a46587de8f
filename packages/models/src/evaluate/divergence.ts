import {
  type Batch,
  type CompressibleModel,
  InvalidProblemError,
  type RunOptions,
  startRun,
} from '@espalier/core';
import { exp, logSoftmax, mul, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { tokenBatches } from '../calibration/token-windows.js';

/** See {@link divergence}. */
export interface DivergenceOptions {
  /** Windows that pass through the models together. Default 4. */
  readonly batchSize?: number;
  /** Whether the last position of a window, which predicts nothing of it, counts. Default `predicted`: it does not. */
  readonly positions?: 'predicted' | 'all';
}

/** What {@link divergence} measured, in nats. */
export interface Divergence {
  /** Over the positions that count. */
  readonly mean: number;
  /** At each position that counts, window by window. */
  readonly windows: readonly Float32Array[];
}

/**
 * How far a compressed model's predictions are from the dense model's: KL(dense || compressed) of the next-token distributions at each
 * position, from log-softmaxes in float32.
 *
 * @param windows tokens of one length, at least 2; the first 4 windows of 256 are usual for searches, all windows for reports
 * @throws InvalidProblemError for no window, or models with other vocabularies
 * @throws AbortedError between batches
 */
export async function divergence(
  dense: Pick<CompressibleModel, 'logits'>,
  compressed: Pick<CompressibleModel, 'logits'>,
  windows: readonly Int32Array[],
  { batchSize = 4, positions = 'predicted' }: DivergenceOptions = {},
  run: RunOptions = {},
): Promise<Divergence> {
  const state = startRun(run);
  const batches = tokenBatches(windows, batchSize);
  const found: Float32Array[] = [];
  try {
    for (const batch of batches) {
      await state.turn();
      const reference = tidy(() => logSoftmax(dense.logits(batch)));
      try {
        found.push(...(await divergences(reference, compressed, batch, positions)));
      } finally {
        reference.dispose();
      }
      state.report({ iteration: found.length, fraction: found.length / windows.length });
    }
  } finally {
    batches.dispose();
  }
  return summary(found);
}

/**
 * The same for many compressed models against one dense model, whose log-probabilities on the windows are computed once and held:
 * 4 bytes x tokens x vocabulary.
 */
export class DivergenceMeter {
  readonly #batches: ReturnType<typeof tokenBatches>;
  readonly #references: readonly Tensor[];
  readonly #positions: 'predicted' | 'all';

  constructor(
    dense: Pick<CompressibleModel, 'logits'>,
    windows: readonly Int32Array[],
    { batchSize = 4, positions = 'predicted' }: DivergenceOptions = {},
  ) {
    this.#batches = tokenBatches(windows, batchSize);
    this.#references = [...this.#batches].map((batch) => tidy(() => logSoftmax(dense.logits(batch))));
    this.#positions = positions;
  }

  /** See {@link divergence}. */
  async measure(compressed: Pick<CompressibleModel, 'logits'>): Promise<Divergence> {
    const found: Float32Array[] = [];
    let next = 0;
    for (const batch of this.#batches)
      found.push(...(await divergences(this.#references[next++], compressed, batch, this.#positions)));
    return summary(found);
  }

  dispose(): void {
    this.#batches.dispose();
    for (const reference of this.#references) reference.dispose();
  }
}

/** KL at the positions of each window of a batch. */
async function divergences(
  reference: Tensor,
  compressed: Pick<CompressibleModel, 'logits'>,
  batch: Batch,
  positions: 'predicted' | 'all',
): Promise<Float32Array[]> {
  const values = tidy(() => {
    const logits = compressed.logits(batch);
    if (logits.shape.join() !== reference.shape.join())
      throw new InvalidProblemError(
        `The models give logits of one shape; given [${reference.shape}] and [${logits.shape}].`,
      );
    return sum(mul(exp(reference), sub(reference, logSoftmax(logits))), -1);
  });
  const flat = (await values.data()) as Float32Array;
  const [count, tokens] = values.shape as [number, number];
  values.dispose();
  const last = positions === 'all' ? tokens : tokens - 1;
  return Array.from({ length: count }, (_, i) => flat.slice(i * tokens, i * tokens + last));
}

function summary(windows: readonly Float32Array[]): Divergence {
  let [total, count] = [0, 0];
  for (const window of windows) {
    for (const value of window) total += value;
    count += window.length;
  }
  if (count === 0)
    throw new InvalidProblemError('Windows of one token predict nothing: use at least two tokens.');
  return { mean: total / count, windows };
}
