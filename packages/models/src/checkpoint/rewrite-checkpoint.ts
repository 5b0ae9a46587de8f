import { InvalidProblemError, type JsonObject, type RunOptions, startRun } from '@espalier/core';
import type { Checkpoint } from './checkpoint.js';
import { type CheckpointWriter, createCheckpointWriter } from './checkpoint-writer.js';
import { isFloatDtype } from './dtype.js';
import type { OutputFolder } from './output-folder.js';
import { withDtype } from './parse-config.js';
import type { PlannedTensor } from './safetensors-header.js';
import { layerOf, packSparse24, planSparse24, sparse24Config, sparse24Tensors } from './sparse24.js';

export interface RewriteOptions {
  /** Element type of what is written; default as it was stored. */
  readonly dtype?: 'F32' | 'F16' | 'BF16' | undefined;
  /** New values `[shape]` for a tensor, row-major; return `values` to leave it as it is. Called in the order of the files. */
  readonly edit?: ((tensor: EditedTensor) => Float32Array | Promise<Float32Array>) | undefined;
  /** Weights (matrices that hold two of four numbers, after `edit`) that are written packed; default none. */
  readonly sparse24?: ((name: string) => boolean) | undefined;
  /** See `CheckpointWriterOptions`. */
  readonly maxShardBytes?: number | undefined;
  /** See `CheckpointWriterOptions`. */
  readonly resume?: string | undefined;
}

/** What `edit` sees. */
export interface EditedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes a checkpoint anew, one tensor in memory at a time: with another element type, other shards, edited weights, or weights
 * packed 2:4. Without options the tensors are copied byte for byte. Tokenizer and other files go along.
 * @param target a path (Node only) where nothing is yet, or an output folder
 * @throws InvalidProblemError when `edit` returns another size, or a weight to be packed is not 2:4
 * @throws AbortedError when the signal fires; what is resumable stays
 */
export async function rewriteCheckpoint(
  source: Checkpoint,
  target: string | OutputFolder,
  options: RewriteOptions = {},
  run: RunOptions = {},
): Promise<void> {
  const { dtype, edit, sparse24 = () => false, maxShardBytes, resume } = options;
  const state = startRun(run);
  const { tensors } = source;
  const typeOf = (name: string) => {
    const stored = tensors.info(name).dtype;
    return dtype !== undefined && isFloatDtype(stored) ? dtype : stored;
  };
  const items = tensors.names.map((name) => ({
    name,
    shape: tensors.info(name).shape,
    planned: planTensor(name, tensors.info(name).shape, typeOf(name), sparse24(name)),
  }));
  const writer = await createCheckpointWriter(
    target,
    items.flatMap(({ planned }) => planned),
    {
      config: newConfig(source, dtype, items),
      copyFrom: source.files,
      metadata: 'format' in tensors.metadata ? tensors.metadata : undefined,
      maxShardBytes,
      resume,
    },
  );
  try {
    for (const [i, { name, shape, planned }] of items.entries()) {
      state.throwIfAborted();
      if (planned.every((tensor) => writer.done.has(tensor.name))) continue;
      const unchanged = !edit && planned.length === 1 && typeOf(name) === tensors.info(name).dtype;
      if (unchanged) await writer.write(name, await tensors.readBytes(name));
      else await writeValues(writer, planned, name, shape, await edited(source, name, shape, edit));
      state.report({ iteration: i + 1, fraction: (i + 1) / items.length, message: name });
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function planTensor(
  name: string,
  shape: readonly number[],
  dtype: PlannedTensor['dtype'],
  packed: boolean,
): readonly PlannedTensor[] {
  if (!packed) return [{ name, dtype, shape }];
  if (shape.length !== 2 || (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')) {
    throw new InvalidProblemError(
      `'${name}' is ${dtype} [${shape}]; packed are matrices of F32, F16 or BF16.`,
    );
  }
  return planSparse24(name, shape as readonly [number, number], dtype);
}

async function edited(
  source: Checkpoint,
  name: string,
  shape: readonly number[],
  edit: RewriteOptions['edit'],
): Promise<Float32Array> {
  const values = await source.tensors.read(name);
  const result = (await edit?.({ name, shape, values })) ?? values;
  if (result.length !== values.length) {
    throw new InvalidProblemError(
      `The edited tensor '${name}' has ${result.length} values; its shape is [${shape}].`,
    );
  }
  return result;
}

async function writeValues(
  writer: CheckpointWriter,
  planned: readonly PlannedTensor[],
  name: string,
  shape: readonly number[],
  values: Float32Array,
): Promise<void> {
  if (planned.length === 1) return writer.write(name, values);
  let packed: ReturnType<typeof packSparse24>;
  try {
    packed = packSparse24(values, shape as readonly [number, number]);
  } catch (cause) {
    throw new InvalidProblemError(`'${layerOf(name)}' cannot be packed 2:4.`, {
      cause,
      remedy: (cause as Error).message,
    });
  }
  for (const [part, content] of sparse24Tensors(name, packed)) {
    if (!writer.done.has(part)) await writer.write(part, content);
  }
}

/** undefined where the old file can be copied as it is. */
function newConfig(
  source: Checkpoint,
  dtype: RewriteOptions['dtype'],
  items: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly planned: readonly unknown[];
  }[],
): JsonObject | undefined {
  const sparse = new Map(
    items.filter(({ planned }) => planned.length > 1).map(({ name, shape }) => [name, shape]),
  );
  const { quantization_config, compression_config, ...dense } = source.config.source;
  const wasPacked = quantization_config !== undefined || compression_config !== undefined;
  if (source.files && !dtype && !wasPacked && sparse.size === 0) return undefined;
  const typed = dtype ? withDtype(dense, dtype) : dense;
  if (sparse.size === 0) return typed;
  return sparse24Config(typed, sparse, new Map(items.map(({ name, shape }) => [name, shape])));
}
