import type { JsonObject } from '../json.js';
import type { CompressedWeight, StoredWeight, WeightFormat } from './compressed-weight.js';

/**
 * How one stored form of weights stands in the files of a checkpoint. `quantization_config` of config.json says which codec it is (its
 * `quant_method`, and the `variant` where a method has several), so a checkpoint has one. A plugin brings codecs beside the algorithms that
 * make such weights; who reads and writes checkpoints knows none of them by name.
 */
export interface WeightCodec {
  /** `quant_method` of the checkpoints that it reads and writes. */
  readonly method: string;
  /** Which of several forms under one `method` this is, by the name that its configuration gives it; absent: the only one. */
  readonly variant?: string;
  /** One line for help: what it is, and who else reads it. */
  readonly summary: string;
  /** Formats of the weights that it writes. */
  readonly formats: readonly WeightFormat[];
  /** What stands behind the name of a layer (`codes` for `<layer>.codes`): a layer has all of these tensors or none. */
  readonly parts: readonly string[];
  /** Parts that a layer may have beside them; which it has to have is for the decoder to say. */
  readonly optionalParts?: readonly string[];
  /** Element type of all other tensors of the checkpoint; absent: as they were. */
  readonly dtype?: 'F32' | 'F16' | 'BF16';
  /**
   * `quantization_config` of a checkpoint.
   * @param layers those in this form, by name
   * @param others all other tensors by their full names, with their shapes; a tied output head is not among them
   * @throws UnsupportedError when the layers do not fit one configuration, with what to do
   */
  configure(
    layers: ReadonlyMap<string, WeightOutline>,
    others: ReadonlyMap<string, readonly number[]>,
  ): JsonObject;
  /**
   * The tensors of a layer by their part.
   * @param dtype for numbers that the form keeps in float32
   * @throws UnsupportedError for a weight that has no such tensors
   */
  encode(weight: StoredWeight, dtype: 'F32' | 'F16' | 'BF16'): Readonly<Record<string, EncodedTensor>>;
  /** Whether a `quantization_config` of this `method` is of this `variant`; absent: every one is. */
  reads?(configuration: JsonObject): boolean;
  /**
   * What reads the layers of a checkpoint with this `quantization_config`.
   * @param at the file that holds it, with which a message begins
   * @throws UnsupportedError, InvalidDataError for a configuration that it does not read
   */
  open(configuration: JsonObject, at: string): WeightDecoder;
}

/** A stored weight without its arrays. */
export type WeightOutline = Pick<StoredWeight, 'format' | 'shape' | 'attributes'>;

/** A tensor on its way into a file: numbers, which the writer rounds to `dtype`, or little-endian bytes as they are. */
export interface EncodedTensor {
  /** Element type of the safetensors format. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly content: Float32Array | Uint8Array;
}

/** A tensor in a file, read when it is asked for. */
export interface TensorPart {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** File and tensor, with which a message begins. */
  readonly at: string;
  /** The values of F32, F16 or BF16. @throws InvalidDataError for NaN and infinities */
  read(): Promise<Float32Array>;
  /** Little-endian bytes. */
  readBytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The tensors of a layer by their part: all `parts` of the codec, and those `optionalParts` that the files hold. */
export type TensorParts = Readonly<Record<string, TensorPart>>;

/** Reads the layers of one checkpoint. A layer is also given by its name, for configurations that treat layers differently. */
export interface WeightDecoder {
  /**
   * The shape of the weight, from what the headers say (`read` and `readBytes` are for a form that stores its shape).
   * @throws InvalidDataError for parts of another type, or that do not fit each other
   */
  shapeOf(
    parts: TensorParts,
    layer: string,
  ): Promise<readonly [outputs: number, inputs: number]> | readonly [outputs: number, inputs: number];
  /** @throws InvalidDataError for content that is no such weight, with file, tensor and reason */
  decode(parts: TensorParts, layer: string): Promise<CompressedWeight>;
  /** The row-major `[out, in]` matrix, where it can be had without a backend; default that of `decode`. */
  toDense?(parts: TensorParts, layer: string): Promise<Float32Array>;
}
