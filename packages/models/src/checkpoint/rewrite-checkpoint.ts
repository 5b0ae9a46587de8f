import {
  type EncodedTensor,
  InvalidProblemError,
  type JsonObject,
  type RunOptions,
  type RunState,
  type StoredWeight,
  startRun,
  type WeightCodec,
  type WeightOutline,
} from '@espalier/core';
import type { Checkpoint } from './checkpoint.js';
import { type CheckpointWriter, createCheckpointWriter } from './checkpoint-writer.js';
import { isFloatDtype } from './dtype.js';
import { layerOf } from './ignored-layers.js';
import type { OutputFolder } from './output-folder.js';
import { withDtype } from './parse-config.js';
import type { PlannedTensor } from './safetensors-header.js';
import { packSparse24, planSparse24, sparse24Quantization, sparse24Tensors } from './sparse24.js';

export interface RewriteOptions {
  /** Element type of what is written; default as it was stored. */
  readonly dtype?: 'F32' | 'F16' | 'BF16' | undefined;
  /** New values `[shape]` for a tensor, row-major; return `values` to leave it as it is. Called in the order of the files. */
  readonly edit?: ((tensor: EditedTensor) => Float32Array | Promise<Float32Array>) | undefined;
  /** Weights (matrices that hold two of four numbers, after `edit`) that are written packed; default none. */
  readonly sparse24?: ((name: string) => boolean) | undefined;
  /** Layers that are written in a stored form; `edit` does not see them. */
  readonly packed?: PackedLayers | undefined;
  /** See `CheckpointWriterOptions`; default: in files as the source has them. */
  readonly maxShardBytes?: number | undefined;
  /** See `CheckpointWriterOptions`. */
  readonly resume?: string | undefined;
}

/** See {@link RewriteOptions.packed}. */
export interface PackedLayers {
  readonly codec: WeightCodec;
  /** The weights of the layers by their names without `.weight`; each is asked for twice, so that no two need be in memory. */
  readonly layers: ReadonlyMap<string, () => Promise<StoredWeight>>;
}

/** What `edit` sees. */
export interface EditedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes a checkpoint anew, one tensor in memory at a time: with another element type, other shards, edited weights, or weights
 * packed. Without options the tensors are copied byte for byte. Tokenizer and other files go along.
 * @param target a path (Node only) where nothing is yet, or an output folder
 * @throws InvalidProblemError when `edit` returns another size, or a weight to be packed is not 2:4
 * @throws UnsupportedError when the codec of `packed` cannot write its layers
 * @throws AbortedError when the signal fires; what is resumable stays
 */
export async function rewriteCheckpoint(
  source: Checkpoint,
  target: string | OutputFolder,
  options: RewriteOptions = {},
  run: RunOptions = {},
): Promise<void> {
  const { edit, maxShardBytes, resume } = options;
  const state = startRun(run);
  const { tensors } = source;
  const items = await planItems(source, options, state);
  const homes = new Map(
    items.flatMap(({ name, planned }) => planned.map((part) => [part.name, tensors.fileOf(name)])),
  );
  const writer = await createCheckpointWriter(
    target,
    items.flatMap(({ planned }) => planned),
    {
      config: newConfig(source, options, items),
      copyFrom: source.files,
      metadata: 'format' in tensors.metadata ? tensors.metadata : undefined,
      maxShardBytes,
      shardOf: maxShardBytes === undefined ? (name) => homes.get(name)! : undefined,
      resume,
    },
  );
  try {
    for (const [i, { name, shape, dtype, planned, encode }] of items.entries()) {
      await state.turn();
      if (planned.every((tensor) => writer.done.has(tensor.name))) continue;
      const unchanged = !edit && planned.length === 1 && dtype === tensors.info(name).dtype;
      if (encode) await writeEncoded(writer, name, await encode());
      else if (unchanged) await writer.write(name, await tensors.readBytes(name));
      else await writeValues(writer, planned, name, shape, await edited(source, name, shape, edit));
      state.report({ iteration: i + 1, fraction: (i + 1) / items.length, message: name });
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** A tensor of the source and what becomes of it. */
interface Item {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: PlannedTensor['dtype'];
  readonly planned: readonly PlannedTensor[];
  /** For a layer that a codec writes. */
  readonly outline?: WeightOutline;
  encode?(): Promise<Readonly<Record<string, EncodedTensor>>>;
}

async function planItems(
  { tensors }: Checkpoint,
  { dtype, sparse24, packed }: RewriteOptions,
  state: RunState,
): Promise<readonly Item[]> {
  const wanted = packed?.codec.dtype ?? dtype;
  const items: Item[] = [];
  for (const name of tensors.names) {
    await state.turn();
    const { shape, dtype: stored } = tensors.info(name);
    const type = wanted !== undefined && isFloatDtype(stored) ? wanted : stored;
    const layer = packed?.layers.get(layerOf(name));
    if (!packed || !layer) {
      items.push({ name, shape, dtype: type, planned: planTensor(name, shape, type, !!sparse24?.(name)) });
      continue;
    }
    const weight = await layer();
    const numbers = type === 'F16' || type === 'BF16' ? type : 'F32';
    const { format, attributes } = weight;
    const planned = Object.entries(packed.codec.encode(weight, numbers)).map(([part, tensor]) => ({
      name: `${layerOf(name)}.${part}`,
      dtype: tensor.dtype as PlannedTensor['dtype'],
      shape: tensor.shape,
    }));
    const outline: WeightOutline = { format, shape: weight.shape, attributes };
    const encode = async () => packed.codec.encode(await layer(), numbers);
    items.push({ name, shape, dtype: type, planned, outline, encode });
  }
  return items;
}

async function writeEncoded(
  writer: CheckpointWriter,
  name: string,
  encoded: Readonly<Record<string, EncodedTensor>>,
): Promise<void> {
  for (const [part, { content }] of Object.entries(encoded)) {
    const tensor = `${layerOf(name)}.${part}`;
    if (!writer.done.has(tensor)) await writer.write(tensor, content);
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
  { dtype, packed }: RewriteOptions,
  items: readonly Item[],
): JsonObject | undefined {
  const shapes = (chosen: readonly Item[]) => new Map(chosen.map(({ name, shape }) => [name, shape]));
  const sparse = items.filter(({ planned, encode }) => planned.length > 1 && !encode);
  const encoded = items.filter(({ encode }) => encode);
  const { quantization_config, compression_config, ...dense } = source.config.source;
  const wasPacked = quantization_config !== undefined || compression_config !== undefined;
  const wanted = packed?.codec.dtype ?? dtype;
  if (source.files && !wanted && !wasPacked && sparse.length + encoded.length === 0) return undefined;
  const typed = wanted ? withDtype(dense, wanted) : dense;
  if (packed && encoded.length > 0) {
    const layers = new Map(encoded.map(({ name, outline }) => [layerOf(name), outline!]));
    const others = shapes(items.filter(({ encode }) => !encode));
    return { ...typed, quantization_config: packed.codec.configure(layers, others) };
  }
  if (sparse.length === 0) return typed;
  return { ...typed, quantization_config: sparse24Quantization(shapes(sparse), shapes(items)) };
}
