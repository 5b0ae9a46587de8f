import type {
  CompressibleModel,
  CompressionReport,
  CompressionRequest,
  Json,
  OptionsSchema,
  PrunerAlgorithm,
  QuantizerAlgorithm,
  RunOptions,
  Services,
  SparsityPattern,
} from '@espalier/core';
import { UsageError } from '../exit-status.js';

/** What the command line says about how much is to be removed. */
export interface Target {
  /** `2:4`, or `unstructured`. */
  readonly pattern?: string;
  readonly sparsity?: number;
  readonly bits?: number;
  readonly groupSize?: number;
}

/** A pruner or quantizer with its target: what is left to give is the model and the data. */
export type CompressionJob = (
  model: CompressibleModel,
  request: CompressionRequest,
  run: RunOptions,
) => Promise<CompressionReport>;

type Compressor = PrunerAlgorithm<string, OptionsSchema> | QuantizerAlgorithm<string, OptionsSchema>;

/** @throws UsageError when the target is not one for this kind of method */
export function compressionJob(
  algorithm: Compressor,
  options: Record<string, Json>,
  target: Target,
  services: Services,
): CompressionJob {
  const { pattern, sparsity, bits, groupSize } = target;
  if (algorithm.kind === 'pruner') {
    if (bits !== undefined || groupSize !== undefined)
      throw new UsageError(
        `${algorithm.name} is a pruner: give --pattern or --sparsity, not --bits or --group-size.`,
      );
    const wanted = patternOf(pattern, sparsity);
    const pruner = algorithm.create(options, services);
    return (model, request, run) =>
      pruner.prune(model, { ...request, pattern: wanted, ...(sparsity !== undefined && { sparsity }) }, run);
  }
  if (pattern !== undefined || sparsity !== undefined)
    throw new UsageError(`${algorithm.name} is a quantizer: give --bits, not --pattern or --sparsity.`);
  if (bits === undefined)
    throw new UsageError(`${algorithm.name} is a quantizer: give --bits, for example --bits 4.`);
  const quantizer = algorithm.create(options, services);
  return (model, request, run) =>
    quantizer.quantize(model, { ...request, bits, ...(groupSize !== undefined && { groupSize }) }, run);
}

function patternOf(pattern: string | undefined, sparsity: number | undefined): SparsityPattern {
  const numbers = /^(\d+):(\d+)$/.exec(pattern ?? '');
  if (numbers) return { n: Number(numbers[1]), m: Number(numbers[2]) };
  if (pattern !== undefined && pattern !== 'unstructured')
    throw new UsageError(`--pattern is n:m, such as 2:4, or unstructured; given '${pattern}'.`);
  if (sparsity === undefined) throw new UsageError('A pruner needs --pattern 2:4 or --sparsity 0.5.');
  return 'unstructured';
}
