import {
  type Batch,
  type Batches,
  type CaptureRequest,
  type CompressedWeight,
  type CompressibleModel,
  type GradientRequest,
  InvalidProblemError,
  type LayerStatistics,
  type LinearLayer,
  type NamedTensors,
  type ResidualBlock,
  type TokenRouting,
} from '@espalier/core';
import {
  losses,
  reshape,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import { captureDecoder } from '../calibration/capture-decoder.js';
import { chunkedAttention } from './chunked-attention.js';
import { type Attend, type DecoderReader, normalize } from './decoder-layer.js';
import { runBlocks } from './decoder-pass.js';
import { modelGradients } from './gradients.js';
import type { DecoderConfig } from './llama-config.js';
import { EMBEDDING, FINAL_NORM, HEAD, linearShapes, namesOf, type Stretch } from './tensor-plan.js';
import { checkTokens, targetsOf } from './token-batch.js';
import { meanTokenLoss } from './token-loss.js';
import { storedWeights, type WeightReader } from './weight-reader.js';
import type { WeightSlots } from './weight-slots.js';

/** What a {@link LlamaModel} is made of; the model takes it over. */
export interface LlamaParts {
  readonly config: DecoderConfig;
  /** Linear layers of the blocks; for a whole decoder also the embedding and, where it is not tied, the head. */
  readonly slots: WeightSlots;
  /** Gains and biases by the names of their tensors. */
  readonly vectors: Readonly<Record<string, Variable>>;
  /** Whether the embedding and the head count as layers that can be compressed. */
  readonly compressible: 'blocks' | 'all';
  /** Left out: the whole decoder. */
  readonly stretch?: Stretch | undefined;
}

/** How {@link LlamaModel.hiddenStates} runs. */
export interface HiddenStatesOptions {
  /** Position of the first token; one for each sequence where they differ. Default 0. */
  readonly position?: number | readonly number[];
  /** Attention over a cache; default causal attention among the tokens given. */
  readonly attend?: Attend;
  /** What a router of tokens is told; default `prefill`. */
  readonly phase?: 'prefill' | 'decode';
  /** Weights in place of the model's own. */
  readonly weights?: WeightReader;
}

/**
 * A decoder of the Llama architecture: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied or untied head.
 * Made by `createLlama`, `llamaFromArrays` and `openLlama`.
 *
 * A batch has inputs int32 `[batch, tokens]` and, where the target is not the next token, targets int32 of that shape (negative ones are
 * not counted). Losses are means in nats. A stretch of a decoder (see `Stretch`) takes and gives hidden states `[batch, tokens, hiddenSize]`, its
 * loss is the mean squared error. One sample, for `multiplyAdds`, is one token.
 * Source: H. Touvron et al., "LLaMA", 2023, section 2.2; "Llama 2", 2023, section 2.2 (grouped queries).
 */
export class LlamaModel implements CompressibleModel {
  readonly config: DecoderConfig;
  readonly #parts: LlamaParts;
  readonly #dropped: Set<string>;
  #routing: TokenRouting | undefined;
  #disposed = false;

  constructor(parts: LlamaParts, dropped: Iterable<string> = []) {
    this.config = parts.config;
    this.#parts = parts;
    this.#dropped = new Set(dropped);
  }

  layers(): readonly LinearLayer[] {
    const { slots, compressible, stretch } = this.#parts;
    const inBlocks = this.#layerIndices().flatMap((index) => linearShapes(this.config, index));
    const linear = inBlocks.map(({ name, shape, block, input }): LinearLayer => {
      const multiplyAdds = shape[0] * shape[1];
      return { name, shape, block, input, multiplyAdds, weight: slots.get(name) };
    });
    if (compressible === 'blocks' || stretch) return linear;
    const { vocabularySize, hiddenSize, tied } = this.config;
    const shape = [vocabularySize, hiddenSize] as const;
    const embedding: LinearLayer = {
      name: EMBEDDING,
      shape,
      kind: 'embedding',
      multiplyAdds: 0,
      readsInput: true,
      weight: slots.get(EMBEDDING),
    };
    const head: LinearLayer = {
      name: HEAD,
      shape,
      input: FINAL_NORM,
      multiplyAdds: vocabularySize * hiddenSize,
      ...(tied && { tiedTo: EMBEDDING }),
      weight: slots.get(this.#headLayer()),
    };
    return [embedding, ...linear, head];
  }

  replaceWeight(layer: string, weight: CompressedWeight, ownership?: 'owned' | 'borrowed'): void {
    const { slots, compressible } = this.#parts;
    const isTable = layer === EMBEDDING || layer === HEAD;
    if (isTable && compressible === 'blocks')
      throw new InvalidProblemError(`${layer} is not among the layers of this model.`, {
        remedy: "Open the model with { compressible: 'all' } to compress embedding and head.",
      });
    slots.replace(layer === HEAD ? this.#headLayer() : layer, weight, ownership);
  }

  blocks(): readonly ResidualBlock[] {
    return this.#layerIndices().flatMap((index): ResidualBlock[] => {
      const { attention, mlp } = namesOf(index);
      const active = (name: string) => !this.#dropped.has(name);
      return [
        { name: attention, part: 'attention', index, active: active(attention) },
        { name: mlp, part: 'mlp', index, active: active(mlp) },
      ];
    });
  }

  setBlockActive(block: string, active: boolean): void {
    this.#blockIndex(block);
    if (active) this.#dropped.delete(block);
    else this.#dropped.add(block);
  }

  otherParameters(): Readonly<Record<string, Variable>> {
    const { vectors, slots, compressible } = this.#parts;
    if (compressible === 'all') return vectors;
    const tables: Record<string, Variable> = {};
    for (const layer of [EMBEDDING, HEAD]) {
      const table = slots.has(layer) ? slots.get(layer).parameters?.().weight : undefined;
      if (table) tables[`${layer}.weight`] = table;
    }
    return { ...tables, ...vectors };
  }

  loss(batch: Batch): Scalar {
    return this.#loss(batch, storedWeights(this.#parts.slots));
  }

  logits({ inputs }: Batch): Tensor {
    return tidy(() => {
      const hidden = this.hiddenStates(inputs);
      return this.#parts.stretch ? hidden : this.headLogits(hidden);
    });
  }

  /**
   * The embedded tokens after all blocks, before the final norm: `[batch, tokens, hiddenSize]`. With `attend`, call it outside of any `tidy`.
   * @throws InvalidProblemError for tokens outside the vocabulary or beyond the context, positions of another number of sequences
   * @throws UnsupportedError for positions that differ while tokens are routed past blocks
   */
  hiddenStates(inputs: Tensor, options: HiddenStatesOptions = {}): Tensor {
    const embedded = this.#enter(inputs, options);
    try {
      return this.#run(embedded, this.blocks(), options);
    } finally {
      embedded.dispose();
    }
  }

  /** Logits `[..., vocabularySize]` of hidden states `[..., hiddenSize]`: final norm and head. */
  headLogits(hidden: Tensor, weights: WeightReader = storedWeights(this.#parts.slots)): Tensor {
    if (this.#parts.stretch) throw new InvalidProblemError('A stretch of a decoder has no head.');
    return tidy(() => {
      const normed = normalize(this.reader(weights), FINAL_NORM, hidden);
      return weights.multiply(this.#headLayer(), normed);
    });
  }

  capture(
    batches: Batches,
    request: CaptureRequest,
  ): AsyncIterable<readonly [layer: string, LayerStatistics]> {
    return captureDecoder(this, batches, request);
  }

  gradients(
    batch: Batch,
    request: GradientRequest = {},
  ): { readonly loss: Scalar; readonly gradients: NamedTensors } {
    const layers = this.layers().filter(({ tiedTo }) => !tiedTo);
    return modelGradients(
      {
        slots: this.#parts.slots,
        layers: layers.map(({ name }) => name),
        others: this.otherParameters(),
        loss: (weights) => this.#loss(batch, weights, request.objective),
      },
      request,
    );
  }

  forward(
    { inputs }: Batch,
    part: { readonly start?: { readonly block: string; readonly hidden: Tensor }; readonly stop?: string },
  ): Tensor {
    const { start, stop } = part;
    const blocks = this.blocks();
    const first = start ? this.#blockIndex(start.block) : 0;
    const last = stop === undefined ? blocks.length - 1 : this.#blockIndex(stop);
    if (last < first - 1)
      throw new InvalidProblemError(`${stop} stands before ${start?.block}: there is nothing to run.`);
    return tidy(() => {
      const hidden = start ? this.#checkHidden(start.hidden) : this.#enter(inputs, {});
      return this.#run(hidden, blocks.slice(first, last + 1), {});
    });
  }

  setTokenRouting(routing: TokenRouting | undefined): void {
    this.#routing = routing;
  }

  /** Whether a routing is set. */
  get routesTokens(): boolean {
    return this.#routing !== undefined;
  }

  get multiplyAdds(): number {
    const active = this.layers().filter(({ block }) => block === undefined || !this.#dropped.has(block));
    const blocks = active.reduce((sum, layer) => sum + (layer.multiplyAdds ?? 0), 0);
    const { vocabularySize, hiddenSize } = this.config;
    const { compressible, stretch } = this.#parts;
    return blocks + (compressible === 'all' || stretch ? 0 : vocabularySize * hiddenSize);
  }

  get bytes(): number {
    const vectors = Object.values(this.#parts.vectors);
    return vectors.reduce((bytes, { size }) => bytes + 4 * size, this.#parts.slots.bytes);
  }

  clone(): LlamaModel {
    const { slots, vectors } = this.#parts;
    const copies = Object.entries(vectors).map(([name, vector]) => [name, variable(vector)] as const);
    const parts = { ...this.#parts, slots: slots.clone(), vectors: Object.fromEntries(copies) };
    const copy = new LlamaModel(parts, this.#dropped);
    copy.setTokenRouting(this.#routing);
    return copy;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#parts.slots.dispose();
    for (const vector of Object.values(this.#parts.vectors)) vector.dispose();
  }

  /** What a pass through the blocks reads. */
  reader(weights: WeightReader = storedWeights(this.#parts.slots)): DecoderReader {
    const { vectors } = this.#parts;
    return { config: this.config, multiply: weights.multiply, vector: (name) => vectors[name] };
  }

  /** Hidden states before the first block: the embedded tokens, or for a stretch the input itself. A new tensor. */
  embed(inputs: Tensor): Tensor {
    return this.#enter(inputs, {});
  }

  #enter(inputs: Tensor, { position = 0, weights }: HiddenStatesOptions): Tensor {
    if (this.#parts.stretch) return this.#checkHidden(inputs).clone();
    if (typeof position !== 'number' && position.length !== inputs.shape[0])
      throw new InvalidProblemError(
        `There is one position for each of the ${inputs.shape[0]} sequences; given ${position.length}.`,
      );
    checkTokens(this.config, inputs, typeof position === 'number' ? position : Math.max(...position));
    const { rows } = weights ?? storedWeights(this.#parts.slots);
    return tidy(() => {
      const flat = reshape(inputs, [-1]) as Tensor1D;
      return reshape(rows(EMBEDDING, flat), [...inputs.shape, this.config.hiddenSize]);
    });
  }

  #run(hidden: Tensor, blocks: readonly ResidualBlock[], options: HiddenStatesOptions): Tensor {
    const { position = 0, phase = 'prefill', weights, attend = causal } = options;
    const routing = this.#routing;
    return runBlocks(hidden, blocks, { reader: this.reader(weights), attend, position, phase, routing });
  }

  #loss(batch: Batch, weights: WeightReader, objective?: GradientRequest['objective']): Scalar {
    return tidy(() => {
      const hidden = this.hiddenStates(batch.inputs, { weights });
      if (objective) {
        const logits = this.#parts.stretch ? hidden : this.headLogits(hidden, weights);
        return objective(logits, batch);
      }
      if (this.#parts.stretch) {
        if (!batch.targets)
          throw new InvalidProblemError('The loss of a stretch of a decoder needs targets: hidden states.');
        return losses.meanSquaredError(batch.targets, hidden);
      }
      const head = (rows: Tensor2D) => this.headLogits(rows, weights) as Tensor2D;
      return meanTokenLoss(hidden, targetsOf(this.config, batch), this.config.vocabularySize, head);
    });
  }

  #headLayer(): string {
    return this.config.tied ? EMBEDDING : HEAD;
  }

  #layerIndices(): readonly number[] {
    const { first, count } = this.#parts.stretch ?? { first: 0, count: this.config.layers };
    return Array.from({ length: count }, (_, i) => first + i);
  }

  #blockIndex(name: string): number {
    const blocks = this.blocks();
    const index = blocks.findIndex((block) => block.name === name);
    if (index < 0) {
      const ends = `${blocks[0]?.name} to ${blocks.at(-1)?.name}`;
      throw new InvalidProblemError(`There is no block '${name}'; the blocks are ${ends}.`);
    }
    return index;
  }

  #checkHidden(hidden: Tensor): Tensor {
    if (hidden.rank !== 3 || hidden.shape[2] !== this.config.hiddenSize || hidden.dtype !== 'float32')
      throw new InvalidProblemError(
        `Hidden states are float32 [batch, tokens, ${this.config.hiddenSize}]; given ${hidden.dtype} [${hidden.shape}].`,
      );
    return hidden;
  }
}

const causal: Attend = (_layer, q, k, v) => chunkedAttention(q, k, v);
