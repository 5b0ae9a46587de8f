import type { RunOptions } from '../run.js';
import type { CompressibleModel } from './compressible-model.js';
import type { CompressionReport, CompressionRequest } from './compression.js';

/** What a quantizer is asked for. */
export interface QuantizeRequest extends CompressionRequest {
  /** Target bits a weight, everything stored counted; fractions are possible (codebooks, mixed widths). */
  readonly bits: number;
  /** Consecutive inputs that share a scale, where the method has groups. */
  readonly groupSize?: number;
}

/** Stores weights with fewer bits. */
export interface Quantizer {
  /**
   * Returns a quantized copy; `model` is unchanged.
   * @throws UnsupportedError for a width that the method does not offer
   * @throws InvalidProblemError when calibration data or a trainer is missing
   */
  quantize(model: CompressibleModel, request: QuantizeRequest, run?: RunOptions): Promise<CompressionReport>;
}
