import type { CompressedWeight } from '@espalier/core';
import type { LlamaConfig } from './config.js';
import type { FileFolder } from './file-folder.js';

/** Element types of the safetensors format. `read` gives values of the first four; the others can be read as bytes. */
export type TensorDtype =
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F64'
  | 'BOOL'
  | 'U8'
  | 'I8'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'I16'
  | 'U16'
  | 'I32'
  | 'U32'
  | 'I64'
  | 'U64';

/** What a checkpoint says about a tensor before it is read. */
export interface TensorInfo {
  readonly dtype: TensorDtype;
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  /** Stored bytes: the product of the shape times the size of an element. */
  readonly bytes: number;
}

/**
 * The tensors of a checkpoint, read one at a time by positional reads: opening costs the headers alone, so a model larger
 * than memory can be compressed layer by layer.
 */
export interface CheckpointReader {
  /** Every tensor, in the order of the files. */
  readonly names: readonly string[];
  /** The free-form `__metadata__` of the files, merged. */
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  /** @throws InvalidDataError for an unknown name */
  info(name: string): TensorInfo;
  /** Name of the file that holds it, for messages. @throws InvalidDataError for an unknown name */
  fileOf(name: string): string;
  /**
   * The values in row-major order; F16, BF16 and F64 are converted (F64 is rounded). Memory: the result and 4 MiB.
   * @throws InvalidDataError for an unknown name or a value that is NaN or infinite (named with file and position)
   * @throws UnsupportedError for integers and 8-bit floats
   */
  read(name: string): Promise<Float32Array>;
  /**
   * The stored bytes, little-endian, nothing checked; optionally a part of them.
   * @throws InvalidDataError for an unknown name or a range outside the tensor
   */
  readBytes(name: string, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A Llama-architecture model on disk: the configuration and the tensors, known to agree. */
export interface Checkpoint {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly config: LlamaConfig;
  /** Hugging Face names (`model.layers.0.self_attn.q_proj.weight`), whatever the format of the file; RoPE rows in half-split order. */
  readonly tensors: CheckpointReader;
  /**
   * The weight of a linear layer (its name without `.weight`) in the form in which the files hold it, made anew by each call; undefined for
   * one that is stored dense. `tensors` shows the matrix that it stands for.
   */
  weight?(layer: string): Promise<CompressedWeight> | undefined;
  /** The tensor that holds the token embedding `[vocabulary, hidden]`. */
  readonly embedding: string;
  /** The tensor that holds the output head `[vocabulary, hidden]`; equal to `embedding` where the two are tied. */
  readonly head: string;
  /**
   * The folder with its other files (tokenizer). That of a llama2.c file on disk has the vocabulary that fits it, and a config.json that says
   * what its header says; undefined for one that was opened as bytes.
   */
  readonly files: FileFolder | undefined;
  close(): Promise<void>;
}
