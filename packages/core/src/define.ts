import type { StandardSchemaV1 } from '@standard-schema/spec';
import type {
  Algorithm,
  AlgorithmSpec,
  CompressorTraits,
  DynamicAlgorithmDefinition,
  DynamicTraits,
  Kind,
  KVCompressorAlgorithm,
  OptimizerAlgorithm,
  OptimizerTraits,
  PrunerAlgorithm,
  QuantizerAlgorithm,
  SolverAlgorithm,
  SolverTraits,
} from './algorithm.js';
import type { DynamicAlgorithm } from './kinds/dynamic-algorithm.js';
import type { KVCompressor } from './kinds/kv-compressor.js';
import type { Optimizer } from './kinds/optimizer.js';
import type { Pruner } from './kinds/pruner.js';
import type { Quantizer } from './kinds/quantizer.js';
import type { Solver } from './kinds/solver.js';
import { mark } from './mark.js';
import { type OptionsSchema, parseOptions } from './options.js';
import { defaultServices, type Services } from './services.js';

/** Defines a solver of one problem family; problem and solution have the types of `solves`. */
export function defineSolver<const N extends string, S extends OptionsSchema, P, R>(
  spec: AlgorithmSpec<N, S, Solver<NoInfer<P>, NoInfer<R>>> & SolverTraits<P, R, S>,
): SolverAlgorithm<N, S, P, R> {
  return define('solver', withParsedOptions(spec));
}

/** Defines an algorithm that answers a stream of events; events and answers have the types of `solves`. */
export function defineDynamicAlgorithm<const N extends string, S extends OptionsSchema, E, A>(
  spec: AlgorithmSpec<N, S, DynamicAlgorithm<NoInfer<E>, NoInfer<A>>> & DynamicTraits<E, A, S>,
): DynamicAlgorithmDefinition<N, S, E, A> {
  return define('dynamic-algorithm', withParsedOptions(spec));
}

/** Defines a pruner. Most are a few lines with `defineLayerwisePruner` of the models package. */
export function definePruner<const N extends string, S extends OptionsSchema>(
  spec: AlgorithmSpec<N, S, Pruner> & CompressorTraits,
): PrunerAlgorithm<N, S> {
  return define('pruner', spec);
}

/** Defines a quantizer. */
export function defineQuantizer<const N extends string, S extends OptionsSchema>(
  spec: AlgorithmSpec<N, S, Quantizer> & CompressorTraits,
): QuantizerAlgorithm<N, S> {
  return define('quantizer', spec);
}

/** Defines a compressor of the key-value cache. */
export function defineKVCompressor<const N extends string, S extends OptionsSchema>(
  spec: AlgorithmSpec<N, S, KVCompressor>,
): KVCompressorAlgorithm<N, S> {
  return define('kv-compressor', spec);
}

/** Defines an optimizer. */
export function defineOptimizer<const N extends string, S extends OptionsSchema>(
  spec: AlgorithmSpec<N, S, Optimizer> & OptimizerTraits,
): OptimizerAlgorithm<N, S> {
  return define('optimizer', spec);
}

/** `accepts` that takes the options as `create` does. */
function withParsedOptions<
  S extends OptionsSchema,
  Problem,
  Spec extends {
    readonly name: string;
    readonly options: S;
    accepts?(problem: Problem, options: StandardSchemaV1.InferOutput<S>): true | string;
  },
>(spec: Spec) {
  const { accepts, ...rest } = spec;
  return {
    ...rest,
    ...(accepts && {
      accepts: (problem: Problem, options?: StandardSchemaV1.InferInput<S>) =>
        accepts.call(spec, problem, parseOptions(spec.options, options, `algorithm '${spec.name}'`)),
    }),
  };
}

/** Wraps `create` with the parsing of options and the default services, and marks the value. */
function define<
  K extends Kind,
  N extends string,
  S extends OptionsSchema,
  Instance,
  Spec extends AlgorithmSpec<N, S, Instance>,
>(kind: K, spec: Spec & AlgorithmSpec<N, S, Instance>): Omit<Spec, 'create'> & Algorithm<K, N, S, Instance> {
  return mark('algorithm', {
    ...spec,
    kind,
    create: (options?: StandardSchemaV1.InferInput<S>, services?: Partial<Services>): Instance =>
      spec.create(parseOptions(spec.options, options, `algorithm '${spec.name}'`), {
        ...defaultServices,
        ...services,
      }),
  });
}
