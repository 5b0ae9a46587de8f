import type { RunOptions } from '../run.js';
import type { CompressibleModel } from './compressible-model.js';
import type { CompressionReport, CompressionRequest } from './compression.js';

/** Which zeros are allowed. `n` of every `m` consecutive inputs are *kept*: 2:4 is `{ n: 2, m: 4 }`. */
export type SparsityPattern =
  | 'unstructured'
  | { readonly n: number; readonly m: number }
  | 'rows' // whole outputs (filters)
  | 'columns' // whole inputs (channels)
  | 'blocks' // whole residual blocks
  | 'shared' // rows replaced by rows of a smaller pool
  | 'tokens'; // blocks skipped for single tokens; no weight is removed

/** What a pruner is asked for. */
export interface PruneRequest extends CompressionRequest {
  readonly pattern: SparsityPattern;
  /** Share of zeros (of dropped blocks, of skipped tokens) in [0, 1); follows from `n` and `m` for an n:m pattern. */
  readonly sparsity?: number;
  /** Whether `sparsity` holds in every layer or over all layers together. Default `layer`. */
  readonly scope?: 'layer' | 'global';
  /** What `sparsity` is a share of. Default `weights`. */
  readonly budget?: 'weights' | 'multiply-adds';
}

/** Removes weights, blocks or work from a model. */
export interface Pruner {
  /**
   * Returns a pruned copy; `model` is unchanged. Sparsity 0 is the identity.
   * @throws UnsupportedError for a pattern that the method does not offer
   * @throws InvalidProblemError when calibration data or a trainer is missing, or the target is not reachable
   */
  prune(model: CompressibleModel, request: PruneRequest, run?: RunOptions): Promise<CompressionReport>;
}
