import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ProblemFamily } from './family.js';
import type { DynamicAlgorithm } from './kinds/dynamic-algorithm.js';
import type { KVCompressor } from './kinds/kv-compressor.js';
import type { Optimizer, OptimizerNeeds } from './kinds/optimizer.js';
import type { Pruner } from './kinds/pruner.js';
import type { Quantizer } from './kinds/quantizer.js';
import type { Solver } from './kinds/solver.js';
import type { OptionsSchema } from './options.js';
import type { Services } from './services.js';

/** The six kinds of algorithm. */
export type Kind = 'pruner' | 'quantizer' | 'kv-compressor' | 'optimizer' | 'solver' | 'dynamic-algorithm';

/** Where a method was published. */
export interface Paper {
  readonly title: string;
  readonly authors?: string;
  readonly arxiv?: string;
  readonly doi?: string;
  readonly year: number;
}

/** What the author of an algorithm writes, whatever its kind. */
export interface AlgorithmSpec<Name extends string, S extends OptionsSchema, Instance> {
  /** Unique among all plugins: lower-case words joined by hyphens. */
  readonly name: Name;
  /** One sentence for lists. */
  readonly summary: string;
  readonly paper?: Paper;
  /** The options and their defaults; every option must have a default, so that `create({})` works. */
  readonly options: S;
  /** Named option sets: conformance, documentation and smoke benchmark run them all. */
  readonly examples?: Readonly<Record<string, StandardSchemaV1.InferInput<S>>>;
  /** Conformance checks that are known to fail, each with its reason: reported, not hidden. */
  readonly knownFailures?: Readonly<Record<string, string>>;
  /** Loads or compiles what the first run would otherwise pay for; never timed. */
  readonly warmUp?: (services: Services) => Promise<void>;
  /** Makes one instance. Cheap: work starts with the first call of a method. */
  readonly create: (options: StandardSchemaV1.InferOutput<S>, services: Services) => Instance;
}

/** An algorithm as plugins and users hold it: one typed value. */
export interface Algorithm<K extends Kind, Name extends string, S extends OptionsSchema, Instance>
  extends Omit<AlgorithmSpec<Name, S, Instance>, 'create'> {
  readonly kind: K;
  /**
   * Makes an instance.
   * @param services replaces single services; the others are the defaults
   * @throws InvalidOptionsError with path, value given and values allowed
   */
  create(options?: StandardSchemaV1.InferInput<S>, services?: Partial<Services>): Instance;
}

/** What the author of a solver declares beside the common part. */
export interface SolverTraits<Problem, Solution, S extends OptionsSchema = OptionsSchema> {
  readonly solves: ProblemFamily<Problem, Solution>;
  /** Whether it takes `problem` with these options: true, or the reason why not, shown in results. Default: all. */
  accepts?(problem: NoInfer<Problem>, options: StandardSchemaV1.InferOutput<S>): true | string;
}

/** What a pruner or quantizer declares beside the common part. */
export interface CompressorTraits {
  /**
   * `model`: it needs the whole model at once (its loss, its predictions), so a model larger than memory cannot be passed to it one decoder
   * layer at a time. Default `layers`.
   */
  readonly worksOn?: 'layers' | 'model';
}

/** What an optimizer declares beside the common part. */
export interface OptimizerTraits {
  /** What the trainer must supply beyond the gradients. Default: nothing. */
  readonly needs?: OptimizerNeeds;
}

/** What the author of a dynamic algorithm declares beside the common part. */
export interface DynamicTraits<Event, Answer, S extends OptionsSchema = OptionsSchema> {
  readonly solves: ProblemFamily<readonly Event[], readonly Answer[]>;
  /**
   * Whether it takes a stream that begins with `first` (which carries the instance), with these options: true, or the reason why not.
   * Default: all whose first event it does not refuse with an UnsupportedError.
   */
  accepts?(first: NoInfer<Event>, options: StandardSchemaV1.InferOutput<S>): true | string;
}

/** A question to a definition: options as `create` takes them. @throws InvalidOptionsError */
interface Accepting<Problem, S extends OptionsSchema> {
  accepts?(problem: Problem, options?: StandardSchemaV1.InferInput<S>): true | string;
}

export type SolverAlgorithm<N extends string, S extends OptionsSchema, P, R> = Algorithm<
  'solver',
  N,
  S,
  Solver<P, R>
> &
  Pick<SolverTraits<P, R>, 'solves'> &
  Accepting<P, S>;
export type DynamicAlgorithmDefinition<N extends string, S extends OptionsSchema, E, A> = Algorithm<
  'dynamic-algorithm',
  N,
  S,
  DynamicAlgorithm<E, A>
> &
  Pick<DynamicTraits<E, A>, 'solves'> &
  Accepting<E, S>;
export type PrunerAlgorithm<N extends string, S extends OptionsSchema> = Algorithm<'pruner', N, S, Pruner> &
  CompressorTraits;
export type QuantizerAlgorithm<N extends string, S extends OptionsSchema> = Algorithm<
  'quantizer',
  N,
  S,
  Quantizer
> &
  CompressorTraits;
export type KVCompressorAlgorithm<N extends string, S extends OptionsSchema> = Algorithm<
  'kv-compressor',
  N,
  S,
  KVCompressor
>;
export type OptimizerAlgorithm<N extends string, S extends OptionsSchema> = Algorithm<
  'optimizer',
  N,
  S,
  Optimizer
> &
  OptimizerTraits;
