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

/** A job and what is known of it beforehand. */
export interface PlannedJob {
  readonly run: CompressionJob;
  /** Which zeros a pruner makes; undefined for a quantizer. */
  readonly pattern: SparsityPattern | undefined;
}

/** Shared formats of weights in which no inputs share a scale. */
const WITHOUT_GROUPS: readonly string[] = ['codebook', 'factored', 'n:m', 'bitmap', 'structured', 'shared'];

/**
 * @param onWarning told once when an option turns out to have no effect
 * @throws UsageError when the target is not one for this kind of method
 */
export function compressionJob(
  algorithm: Compressor,
  options: Record<string, Json>,
  target: Target,
  services: Services,
  onWarning: (text: string) => void,
): PlannedJob {
  const { pattern, sparsity, bits, groupSize } = target;
  if (algorithm.kind === 'pruner') {
    if (bits !== undefined || groupSize !== undefined)
      throw new UsageError(
        `${algorithm.name} is a pruner: give --pattern or --sparsity, not --bits or --group-size.`,
      );
    const wanted = patternOf(pattern, sparsity);
    const pruner = algorithm.create(options, services);
    return {
      pattern: wanted,
      run: (model, request, run) =>
        pruner.prune(
          model,
          { ...request, pattern: wanted, ...(sparsity !== undefined && { sparsity }) },
          run,
        ),
    };
  }
  if (pattern !== undefined || sparsity !== undefined)
    throw new UsageError(`${algorithm.name} is a quantizer: give --bits, not --pattern or --sparsity.`);
  if (bits === undefined)
    throw new UsageError(`${algorithm.name} is a quantizer: give --bits, for example --bits 4.`);
  const quantizer = algorithm.create(options, services);
  if (groupSize === undefined)
    return {
      pattern: undefined,
      run: (model, request, run) => quantizer.quantize(model, { ...request, bits }, run),
    };
  let warned = false;
  return {
    pattern: undefined,
    run(model, request, run) {
      const onLayer: CompressionRequest['onLayer'] = (report, weight) => {
        if (!warned && WITHOUT_GROUPS.includes(report.format))
          onWarning(
            `--group-size ${groupSize} has no effect: ${algorithm.name} stores ${report.layer} as '${report.format}', in which no inputs share a scale.`,
          );
        warned ||= WITHOUT_GROUPS.includes(report.format);
        return request.onLayer?.(report, weight);
      };
      return quantizer.quantize(model, { ...request, bits, groupSize, onLayer }, run);
    },
  };
}

function patternOf(pattern: string | undefined, sparsity: number | undefined): SparsityPattern {
  const numbers = /^(\d+):(\d+)$/.exec(pattern ?? '');
  if (numbers) return groupPattern(Number(numbers[1]), Number(numbers[2]), sparsity);
  if (pattern !== undefined && pattern !== 'unstructured')
    throw new UsageError(`--pattern is n:m, such as 2:4, or unstructured; given '${pattern}'.`);
  if (sparsity === undefined) throw new UsageError('A pruner needs --pattern 2:4 or --sparsity 0.5.');
  return 'unstructured';
}

function groupPattern(n: number, m: number, sparsity: number | undefined): SparsityPattern {
  if (!(n >= 1 && n < m))
    throw new UsageError(`--pattern n:m keeps n of every m inputs, 1 <= n < m; given ${n}:${m}.`);
  if (sparsity !== undefined && Math.abs(sparsity - (1 - n / m)) > 1e-9)
    throw new UsageError(
      `--pattern ${n}:${m} is a sparsity of ${1 - n / m}; --sparsity says ${sparsity}. Leave --sparsity out.`,
    );
  return { n, m };
}
