import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { JsonObject } from '../json.js';
import type { CompressedWeight, StoredArrays } from './compressed-weight.js';

/** Named tensors: gradients, weights, statistics. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** One batch of inputs, and of targets where the loss needs them; shapes are the model's own. */
export interface Batch {
  readonly inputs: Tensor;
  readonly targets?: Tensor;
}

/** A source of batches that can be read more than once. */
export type Batches = AsyncIterable<Batch> | Iterable<Batch>;

/** A linear (or, reshaped to `[out, in * kh * kw]`, convolution) layer whose weight can be replaced. */
export interface LinearLayer {
  /** Unique in the model, e.g. `layers.0.self_attn.q_proj`. */
  readonly name: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** For a convolution, its `[kh, kw]`: the columns are input channels times kernel positions. */
  readonly kernel?: readonly [height: number, width: number];
  /** Default `linear`. */
  readonly kind?: 'linear' | 'convolution' | 'embedding';
  /** Multiply-adds of the dense weight for one sample, for budgets in work rather than weights; see {@link CompressibleModel.multiplyAdds}. */
  readonly multiplyAdds?: number;
  /** The layer whose weight this one shares. */
  readonly tiedTo?: string;
  /** Whether it reads the model's own input. */
  readonly readsInput?: boolean;
  /** The residual block that holds it. */
  readonly block?: string;
  /** Layers with equal `input` read the same activations: their statistics are equal. */
  readonly input?: string;
  readonly weight: CompressedWeight;
}

/** A residual branch that can be left out: the model then passes its input on unchanged. */
export interface ResidualBlock {
  readonly name: string;
  /** `attention` and `mlp` name the halves of a decoder layer, `block` a branch that is dropped as a whole. */
  readonly part: 'attention' | 'mlp' | 'block';
  readonly index: number;
  readonly active: boolean;
}

/** What `capture` gathers about the inputs `[rows, in]` of each layer. */
export interface CaptureRequest {
  /** Layers by name; default all. */
  readonly layers?: readonly string[];
  /** `squares`: sum of squares a channel; `hessian`: X^T X; `inputs`: X itself; `outputs`: X W^T as well. */
  readonly gather: readonly ('squares' | 'hessian' | 'inputs' | 'outputs')[];
  /** Whether later layers see the outputs of already compressed ones (layer by layer) or of the dense model. */
  readonly propagate?: boolean;
  /** Awaited between batches; what it throws ends the capture (`turn` of a run's state). */
  readonly turn?: () => Promise<void>;
}

/** Statistics of one layer's inputs, accumulated in float64 where they are sums. */
export interface LayerStatistics {
  readonly rows: number;
  /** Length `in`: sum over rows of x_j^2. */
  readonly squares?: Float64Array;
  /** Row-major `in x in`: X^T X. */
  readonly hessian?: Float64Array;
  readonly inputs?: Tensor2D;
  readonly outputs?: Tensor2D;
}

/** What a router sees before a block. */
export interface RoutingContext {
  /** `[batch, tokens, width]` */
  readonly hidden: Tensor;
  /** Attention that each token received in the last block in which it was kept, `[batch, tokens]`, where `reads` asks for it. */
  readonly attention?: Tensor;
  /** Positions of the tokens in their sequence. */
  readonly positions: Tensor;
  readonly phase: 'prefill' | 'decode';
}

/** Which blocks work on which tokens, for methods that skip tokens. */
export interface TokenRouting {
  /** `gather` works on kept tokens alone; `mix` computes x + m (block(x) - x), differentiable in the mask m. */
  readonly mode: 'gather' | 'mix';
  readonly reads?: readonly 'attention'[];
  /**
   * Keep mask `[batch, tokens]` for one block, from what is known before it; undefined keeps all. Called inside `tf.tidy`: a mask that it
   * makes is disposed of by the model, one that it holds on to (a variable, a tensor under `tf.keep`) stays its own.
   */
  route(block: ResidualBlock, context: RoutingContext): Tensor | undefined;
  parameters?(): Readonly<Record<string, Variable>>;
  store?(): Promise<{ readonly arrays: StoredArrays; readonly attributes: JsonObject }>;
}

/** Of what, and how, gradients are taken. */
export interface GradientRequest {
  /** Default the model's own loss. */
  readonly objective?: (logits: Tensor, batch: Batch) => Scalar;
  /** Whether dropout and batch statistics behave as in training. Default `train`. */
  readonly mode?: 'train' | 'evaluate';
  /** Weights as dense matrices, their stored parameters, everything else. Default `dense` and `other`. */
  readonly of?: readonly ('dense' | 'stored' | 'other')[];
  /** Further variables of the method's own (routers, shared pools). */
  readonly variables?: Readonly<Record<string, Variable>>;
}

/** A model whose linear layers can be replaced by compressed ones. Implemented by `@espalier/models`. */
export interface CompressibleModel {
  /** In forward order. */
  layers(): readonly LinearLayer[];
  /**
   * Replaces one weight. An `owned` weight (the default) is disposed of when no model holds it any more; a `borrowed` one, such as a level
   * of a database that is swapped in and out, stays the caller's.
   * @throws InvalidProblemError on an unknown name or another shape
   */
  replaceWeight(layer: string, weight: CompressedWeight, ownership?: 'owned' | 'borrowed'): void;
  /** Empty where nothing can be dropped. */
  blocks(): readonly ResidualBlock[];
  setBlockActive(block: string, active: boolean): void;
  /** Everything else that is trainable: biases, norms, embeddings. */
  otherParameters(): Readonly<Record<string, Variable>>;
  /** Mean loss of a batch; the caller disposes of it. */
  loss(batch: Batch): Scalar;
  /** Scores before the softmax, `[..., classes]`. */
  logits(batch: Batch): Tensor;
  /**
   * Streams the batches through the model and yields one layer's statistics at a time, lazily: a layer that the caller replaces before
   * asking for the next one is what later layers see when `propagate` is set.
   */
  capture(
    batches: Batches,
    request: CaptureRequest,
  ): AsyncIterable<readonly [layer: string, LayerStatistics]>;
  /** Loss and its gradients by layer and parameter name; absent where the model does not train. */
  gradients?(
    batch: Batch,
    request?: GradientRequest,
  ): { readonly loss: Scalar; readonly gradients: NamedTensors };
  /** Hidden states after block `stop`, from the input or from hidden states before block `start`. */
  forward?(
    batch: Batch,
    part: { readonly start?: { readonly block: string; readonly hidden: Tensor }; readonly stop?: string },
  ): Tensor;
  /** Recomputes running statistics (batch norm) after weights have changed. */
  refreshStatistics?(batches: Batches): Promise<void>;
  /**
   * Multiply-adds of the linear layers for one sample: one token of a language model (attention over earlier tokens not counted), one
   * image or row of another. Blocks that are left out do not count; zeros in a weight do.
   */
  readonly multiplyAdds?: number;
  /** Routes tokens past blocks from now on; undefined routes all through. Absent where the model cannot. */
  setTokenRouting?(routing: TokenRouting | undefined): void;
  /** Bytes of all weights as stored, and of everything else. */
  readonly bytes: number;
  /** A copy that can be changed without touching this one; shares what is never changed in place. */
  clone(): CompressibleModel;
  dispose(): void;
}
