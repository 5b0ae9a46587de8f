import {
  type AlgorithmSpec,
  type CompressedWeight,
  definePruner,
  InvalidProblemError,
  type OptionsSchema,
  type PruneRequest,
  type Pruner,
  type PrunerAlgorithm,
  type SparsityPattern,
  type StoredWeight,
  UnsupportedError,
} from '@espalier/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { bitmapWeight } from '../weights/bitmap.js';
import { nOfMWeight, type Pattern } from '../weights/n-of-m.js';
import { type CompressedLayer, compressLayers, type Gather, type LayerTask } from './compress-layers.js';
import { globalMask } from './global-mask.js';
import { keepLargest, masked, type Within } from './keep-largest.js';

type Output<S extends OptionsSchema> = StandardSchemaV1.InferOutput<S>;

/** A layer with what is to be removed from it. */
export interface PruneTask extends LayerTask {
  readonly pattern: 'unstructured' | Pattern;
  /** Share of zeros in this layer, in [0, 1). */
  readonly sparsity: number;
}

/** What the author of a layerwise pruner writes: the common part, what to gather, and one of `score` and `pruneLayer`. */
export type LayerwisePrunerSpec<N extends string, S extends OptionsSchema> = Omit<
  AlgorithmSpec<N, S, Pruner>,
  'create'
> & {
  /** Statistics of the inputs. Default `none`. */
  readonly gather?: Gather;
  /** Whether a layer is calibrated on inputs that come through the pruned layers before it. Default false. */
  readonly propagate?: boolean | ((options: Output<S>) => boolean);
  /** Patterns that the method offers. Default both. */
  readonly patterns?: readonly ('unstructured' | 'n:m')[];
  /** Reads a stored form of the method's own back. */
  readonly restore?: (stored: StoredWeight) => CompressedWeight;
} & (
    | {
        /** Importance of each element, row-major: the smallest are removed; of equal ones the lower column stays, then the lower row. */
        score(task: PruneTask, options: Output<S>): Float32Array | Float64Array;
        /** What competes with what in an unstructured pattern: a `row`, or the `layer`. */
        readonly within: Within;
      }
    | {
        /** The pruned matrix (stored as n:m or bitmap), or a stored form of the method's own. */
        pruneLayer(
          task: PruneTask,
          options: Output<S>,
        ): Float32Array | CompressedLayer | Promise<Float32Array | CompressedLayer>;
      }
  );

/** Defines a pruner that works on one layer after the other: what is left to write is its score, or what it does to a layer. */
export function defineLayerwisePruner<const N extends string, S extends OptionsSchema>(
  spec: LayerwisePrunerSpec<N, S>,
): PrunerAlgorithm<N, S> {
  const { gather = 'none', propagate = false, patterns = ['unstructured', 'n:m'], restore, ...common } = spec;
  return definePruner<N, S>({
    ...(common as Omit<AlgorithmSpec<N, S, Pruner>, 'create'>),
    create: (options, services) => ({
      async prune(model, request, run = {}) {
        const pattern = checkedPattern(spec.name, patterns, request.pattern);
        const sparsity = checkedSparsity(request);
        if (request.budget === 'multiply-adds')
          throw new UnsupportedError(`${spec.name} has a budget in weights; given 'multiply-adds'.`);
        for (const { name, shape } of model.layers())
          if (typeof pattern === 'object' && (request.layers?.(name) ?? true) && shape[1] % pattern.m !== 0)
            throw new InvalidProblemError(
              `${pattern.n}:${pattern.m} needs numbers of inputs that ${pattern.m} divides; ${name} has ${shape[1]}.`,
              { remedy: 'Leave the layer out with `layers`.' },
            );
        const global = request.scope === 'global' && pattern === 'unstructured';
        if (global && !('score' in spec))
          throw new UnsupportedError(
            `${spec.name} prunes every layer to the same sparsity; given the scope 'global'.`,
          );
        const mask =
          global && 'score' in spec && sparsity > 0
            ? await globalMask(
                model,
                request,
                gather,
                (task) => spec.score({ ...task, pattern, sparsity }, options),
                run,
                services,
              )
            : undefined;
        return compressLayers(
          model,
          request,
          {
            gather,
            propagate: typeof propagate === 'function' ? propagate(options) : propagate,
            ...(restore && { restore }),
            compress: async (task) => {
              if (sparsity === 0) return { weight: store(task.matrix, task, 'unstructured') };
              const prune: PruneTask = { ...task, pattern, sparsity };
              const pruned = mask
                ? masked(task.matrix, mask.get(task.name)!)
                : 'score' in spec
                  ? keepLargest(prune, spec.score(prune, options), spec.within)
                  : await spec.pruneLayer(prune, options);
              return pruned instanceof Float32Array ? { weight: store(pruned, task, pattern) } : pruned;
            },
          },
          run,
          services,
        );
      },
    }),
  });
}

function store(
  matrix: Float32Array,
  { outputs, inputs }: LayerTask,
  pattern: 'unstructured' | Pattern,
): CompressedWeight {
  const shape = [outputs, inputs] as const;
  return pattern === 'unstructured' ? bitmapWeight(matrix, shape) : nOfMWeight(matrix, shape, pattern);
}

function checkedPattern(
  name: string,
  offered: readonly ('unstructured' | 'n:m')[],
  pattern: SparsityPattern,
): 'unstructured' | Pattern {
  const kind = typeof pattern === 'object' ? 'n:m' : pattern;
  if (!(offered as readonly string[]).includes(kind))
    throw new UnsupportedError(`${name} offers the patterns ${offered.join(' and ')}; given '${kind}'.`);
  if (typeof pattern !== 'object') return 'unstructured';
  const { n, m } = pattern;
  if (!(Number.isInteger(n) && Number.isInteger(m) && n >= 1 && n < m))
    throw new InvalidProblemError(`A pattern n:m has whole numbers 1 <= n < m; given ${n}:${m}.`);
  return pattern;
}

/** The share of zeros that a request asks for. */
function checkedSparsity({ pattern, sparsity }: PruneRequest): number {
  if (typeof pattern === 'object') {
    const share = 1 - pattern.n / pattern.m;
    if (sparsity !== undefined && Math.abs(sparsity - share) > 1e-9)
      throw new InvalidProblemError(
        `${pattern.n}:${pattern.m} is a sparsity of ${share}; given ${sparsity} as well.`,
        { remedy: 'Leave `sparsity` out.' },
      );
    return share;
  }
  if (sparsity === undefined || !(sparsity >= 0 && sparsity < 1))
    throw new InvalidProblemError(`An unstructured pattern needs a sparsity in [0, 1); given ${sparsity}.`);
  return sparsity;
}
