import { type CompressedWeight, createRandom, DEFAULT_SEED, InvalidProblemError } from '@espalier/core';
import { type Tensor2D, tensor, tensor2d, type Variable, variable } from '@tensorflow/tfjs-core';
import type { CheckpointReader } from '../checkpoint/checkpoint.js';
import { denseWeight } from '../weights/dense.js';
import { checkDecoderConfig, type DecoderConfig } from './llama-config.js';
import { LlamaModel } from './llama-model.js';
import { EMBEDDING, HEAD, type PlannedTensor, type Stretch, tensorPlan } from './tensor-plan.js';
import { WeightSlots } from './weight-slots.js';

/** One tensor outside the backend's memory, row-major. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** How the weights of a decoder are held. */
export interface LlamaOptions {
  /**
   * Whether the weights of the layers are variables, which training changes in place and `clone` copies. Default: `createLlama` makes
   * trainable ones, the others frozen ones, which clones share.
   */
  readonly trainable?: boolean;
  /** Whether `layers()` lists the linear layers of the blocks, or embedding and head too. Default `blocks`. */
  readonly compressible?: 'blocks' | 'all';
  /** Only these decoder layers: a model that takes and gives hidden states. */
  readonly stretch?: Stretch;
}

/**
 * A decoder with random weights: normal with standard deviation 0.02, the output projections divided by sqrt(2 layers) as in GPT-2; gains 1, biases 0.
 * @throws InvalidProblemError for a configuration that is not possible
 */
export function createLlama(
  config: DecoderConfig,
  { seed = DEFAULT_SEED, trainable = true, ...options }: LlamaOptions & { readonly seed?: number } = {},
): LlamaModel {
  const random = createRandom(seed);
  const builder = new Builder(config, { trainable, ...options });
  for (const planned of builder.plan) {
    const data = new Float32Array(planned.shape.reduce((a, b) => a * b, 1));
    const draw = random.fork(planned.name);
    const isOutput = /\.(o_proj|down_proj)\.weight$/.test(planned.name);
    const deviation = isOutput ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
    if (planned.role === 'norm') data.fill(1);
    else if (planned.role !== 'bias')
      for (let i = 0; i < data.length; i++) data[i] = deviation * draw.normal();
    builder.add(planned, { shape: planned.shape, data });
  }
  return builder.finish();
}

/**
 * A decoder from arrays by the names of Hugging Face files.
 * @throws InvalidProblemError for a tensor that is missing, superfluous, of a shape that the configuration does not give, or not finite
 */
export function llamaFromArrays(
  config: DecoderConfig,
  arrays: Readonly<Record<string, NamedArray>>,
  options: LlamaOptions = {},
): LlamaModel {
  const builder = new Builder(config, options);
  const names = Object.keys(arrays);
  checkNames(config, names);
  return builder.guard(() => {
    for (const planned of builder.plan) {
      const [name, ...others] = storedNames(config, planned, names);
      for (const other of others) checkTied(arrays[name], arrays[other]);
      builder.add(planned, arrays[name]);
    }
  });
}

/** What {@link openLlama} reads: an open `Checkpoint`, or anything alike. */
export interface LlamaSource {
  readonly config: DecoderConfig;
  readonly tensors: Pick<CheckpointReader, 'info' | 'read'>;
  /** The tensor that holds the token embedding. */
  readonly embedding: string;
  /** The tensor that holds the head; equal to `embedding` where the two are tied. */
  readonly head: string;
  /** The weight of a layer in its stored form; absent or undefined: dense, from `tensors`. */
  weight?(layer: string): Promise<CompressedWeight> | undefined;
}

/**
 * A decoder from a checkpoint, one tensor at a time: beside the model itself, memory holds one tensor. Layers that the checkpoint holds in a
 * stored form run in that form, unless the model is to be trainable: it then has them dense.
 * @throws what {@link llamaFromArrays} throws, and what the source throws
 */
export async function openLlama(source: LlamaSource, options: LlamaOptions = {}): Promise<LlamaModel> {
  const { config, tensors, embedding, head } = source;
  const builder = new Builder(config, options);
  try {
    for (const planned of builder.plan) {
      const { role } = planned;
      const name = role === 'embedding' ? embedding : role === 'head' ? head : planned.name;
      const stored = options.trainable ? undefined : await source.weight?.(name.replace(/\.weight$/, ''));
      if (stored) builder.addStored(planned, stored);
      else builder.add(planned, { shape: tensors.info(name).shape, data: await tensors.read(name) });
    }
  } catch (error) {
    builder.dispose();
    throw error;
  }
  return builder.finish();
}

/** The names under which a planned tensor is stored: a tied embedding may stand under the head's name, or under both. */
function storedNames(
  config: DecoderConfig,
  { name, role }: PlannedTensor,
  names: readonly string[],
): readonly [string, ...string[]] {
  const wanted = role === 'embedding' && config.tied ? [name, `${HEAD}.weight`] : [name];
  const [first, ...others] = wanted.filter((one) => names.includes(one));
  if (first === undefined)
    throw new InvalidProblemError(`The weights lack the tensor ${wanted.join(' or ')}.`, {
      remedy:
        role === 'head'
          ? 'If the head is tied to the embedding, the configuration has to say so (tied).'
          : 'The configuration asks for it: check that both belong together.',
    });
  return [first, ...others];
}

function checkTied(embedding: NamedArray, head: NamedArray): void {
  if (
    embedding.data.length === head.data.length &&
    embedding.data.every((value, i) => value === head.data[i])
  )
    return;
  throw new InvalidProblemError(
    `The configuration ties the head to the embedding (tied), but ${EMBEDDING}.weight and ${HEAD}.weight are both there and differ.`,
    { remedy: 'Set it to false, or remove the one that is not used.' },
  );
}

/** @throws InvalidProblemError when a tensor of the checkpoint has no place in the decoder: to leave it out would change the numbers */
function checkNames(config: DecoderConfig, names: readonly string[]): void {
  const planned = new Set(tensorPlan(config).map(({ name }) => name));
  // Tables that files of older versions hold, and the tied head.
  const known = (name: string) =>
    planned.has(name) || name.endsWith('rotary_emb.inv_freq') || name === `${HEAD}.weight`;
  const extra = names.find((name) => !known(name));
  if (extra === undefined) return;
  const layer = /^model\.layers\.(\d+)\./.exec(extra)?.[1];
  const field =
    layer !== undefined && Number(layer) >= config.layers
      ? `layers (${config.layers})`
      : extra.endsWith('.bias')
        ? `biases (${JSON.stringify(config.biases)})`
        : 'architecture';
  throw new InvalidProblemError(
    `The weights hold ${extra}, which does not fit the configuration's ${field}.`,
  );
}

/** Collects the tensors of a decoder. */
class Builder {
  readonly plan: readonly PlannedTensor[];
  readonly #config: DecoderConfig;
  readonly #options: LlamaOptions;
  readonly #slots = new WeightSlots([]);
  readonly #vectors: Record<string, Variable> = {};

  constructor(config: DecoderConfig, options: LlamaOptions) {
    checkDecoderConfig(config);
    const { stretch } = options;
    if (
      stretch &&
      !(stretch.first >= 0 && stretch.count >= 1 && stretch.first + stretch.count <= config.layers)
    )
      throw new InvalidProblemError(
        `A stretch lies within the ${config.layers} layers of the decoder; given ${stretch.count} from ${stretch.first}.`,
      );
    this.plan = tensorPlan(config, stretch);
    this.#config = config;
    this.#options = options;
  }

  add({ name, role, shape, from }: PlannedTensor, { shape: given, data }: NamedArray): void {
    if (given.join() !== shape.join())
      throw new InvalidProblemError(`${name} is [${given}]; ${from} of the configuration give [${shape}].`);
    checkFinite(name, data);
    if (role === 'norm' || role === 'bias') {
      const initial = tensor(data, [...shape], 'float32');
      this.#vectors[name] = variable(initial);
      initial.dispose();
      return;
    }
    const matrix = tensor2d(data, [...shape] as [number, number], 'float32');
    // Tables that are no layers are among the other parameters, which are variables always.
    const isOther = role !== 'linear' && this.#options.compressible !== 'all';
    const trainable = isOther || this.#options.trainable === true;
    this.#slots.add(name.replace(/\.weight$/, ''), denseWeight(trainable ? takeVariable(matrix) : matrix));
  }

  addStored({ name, shape, from }: PlannedTensor, weight: CompressedWeight): void {
    if (weight.shape.join() !== shape.join()) {
      weight.dispose();
      throw new InvalidProblemError(
        `${name} is [${weight.shape}]; ${from} of the configuration give [${shape}].`,
      );
    }
    this.#slots.add(name.replace(/\.weight$/, ''), weight);
  }

  finish(): LlamaModel {
    const { compressible = 'blocks', stretch } = this.#options;
    return new LlamaModel({
      config: this.#config,
      slots: this.#slots,
      vectors: this.#vectors,
      compressible,
      stretch,
    });
  }

  /** Finishes after `work`, or disposes of what was made when that throws. */
  guard(work: () => void): LlamaModel {
    try {
      work();
    } catch (error) {
      this.dispose();
      throw error;
    }
    return this.finish();
  }

  dispose(): void {
    this.#slots.dispose();
    for (const vector of Object.values(this.#vectors)) vector.dispose();
  }
}

function takeVariable(matrix: Tensor2D): Variable {
  const taken = variable(matrix);
  matrix.dispose();
  return taken;
}

function checkFinite(name: string, data: Float32Array): void {
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]))
      throw new InvalidProblemError(`${name} holds ${data[i]} at index ${i}; weights are finite numbers.`);
}
