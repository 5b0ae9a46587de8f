import { type Json, type JsonObject, UnsupportedError, type WeightCodec } from '@espalier/core';
import { locate } from '#files';
import type { Checkpoint, CheckpointReader } from './checkpoint.js';
import type { FloatDtype } from './dtype.js';
import { type FileFolder, readWhole } from './file-folder.js';
import { matchTensors } from './llama-tensors.js';
import { openLlama2c } from './llama2c.js';
import { llama2cFolder } from './llama2c-folder.js';
import { packQuantizedCodec } from './pack-quantized-codec.js';
import { type PackedReader, packedReader } from './packed-reader.js';
import { parseLlamaConfig } from './parse-config.js';
import { openSafetensorsFolder } from './safetensors-folder.js';
import { sparseBitmaskCodec } from './sparse-bitmask-codec.js';
import { sparse24Codec } from './sparse24-codec.js';
import { isJsonObject, parseJsonObject } from './strict-json.js';

export const CONFIG_FILE = 'config.json';

/** No configuration comes near this. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** The codecs of this package, which {@link openCheckpoint} always knows. */
export const WEIGHT_CODECS: readonly WeightCodec[] = [sparse24Codec, packQuantizedCodec, sparseBitmaskCodec];

export interface OpenCheckpointOptions {
  /** Stored forms of weights beyond those of {@link WEIGHT_CODECS} that are read: those that plugins bring (`weightCodecs`). */
  readonly codecs?: readonly WeightCodec[] | undefined;
}

/**
 * Opens a Llama-architecture model: a Hugging Face folder (`config.json`, safetensors in one file or in shards, dense, integers or
 * sparse weights of compressed-tensors, or what a codec reads), one safetensors file with a `config.json` beside it, or a llama2.c `.bin`
 * file. Weights stay where they are until they are read.
 * @param from a path (Node only), or a folder of files from anywhere
 * @throws InvalidDataError for damaged files, and for a configuration and tensors that disagree (the field is named)
 * @throws UnsupportedError for another architecture or another quantization
 */
export async function openCheckpoint(
  from: string | FileFolder,
  { codecs = [] }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const { folder, file } = typeof from === 'string' ? await locate(from) : { folder: from, file: undefined };
  if (file?.endsWith('.bin')) {
    const opened = await openFully(await folder.open(file), openLlama2c);
    return { ...opened, files: await llama2cFolder(folder, opened.config) };
  }
  if (file !== undefined && !file.endsWith('.safetensors')) {
    throw new UnsupportedError(`${folder.name}/${file} is no checkpoint that is known.`, {
      remedy: 'Name a Hugging Face folder with config.json and safetensors files, or a llama2.c file *.bin.',
    });
  }
  const json = parseJsonObject(
    await readWhole(folder, CONFIG_FILE, MAX_CONFIG_BYTES),
    `${folder.name}/${CONFIG_FILE}`,
  );
  const config = parseLlamaConfig(json, `${folder.name}/${CONFIG_FILE}`);
  const unpack = weightFormat(json, folder.name, [...WEIGHT_CODECS, ...codecs]);
  return openFully(await openSafetensorsFolder(folder, file), async (stored) => {
    const tensors = await unpack(stored);
    const { embedding, head } = await matchTensors(config, tensors, folder.name);
    return {
      name: folder.name,
      config,
      tensors,
      ...('weight' in tensors && { weight: (layer: string) => tensors.weight(layer) }),
      embedding,
      head,
      files: folder,
      close: () => tensors.close(),
    };
  });
}

/** Opens the next level; what is below is closed when that fails. */
async function openFully<Below extends { close(): Promise<void> }, T>(
  below: Below,
  open: (below: Below) => Promise<T>,
): Promise<T> {
  try {
    return await open(below);
  } catch (error) {
    await below.close();
    throw error;
  }
}

/** How the stored tensors become those of the model. */
function weightFormat(
  config: JsonObject,
  folder: string,
  codecs: readonly WeightCodec[],
): (stored: CheckpointReader) => CheckpointReader | Promise<PackedReader> {
  // `compression_config` is the older name of the field.
  const quantization = config.quantization_config ?? config.compression_config;
  if (quantization == null) return (stored) => stored;
  const file = `${folder}/${CONFIG_FILE}`;
  const method = isJsonObject(quantization) ? quantization.quant_method : quantization;
  const codec = isJsonObject(quantization) ? codecOf(quantization, codecs) : undefined;
  if (!codec || !isJsonObject(quantization)) {
    const format = isJsonObject(quantization) ? (quantization.format as Json | undefined) : undefined;
    const what = [method, ...(format === undefined ? [] : [format])].map((name) => JSON.stringify(name));
    throw new UnsupportedError(`${file}: the weights are quantized (${what.join(', ')}).`, {
      remedy: `Use the model as it was before, or a plugin that reads it; read here are ${codecs.map(codecName).join(', ')}.`,
    });
  }
  const decoder = codec.open(quantization, file);
  return (stored) => packedReader(stored, codec, decoder, denseDtype(config));
}

const codecOf = (configuration: JsonObject, codecs: readonly WeightCodec[]) =>
  codecs.find(
    ({ method, reads }) => method === configuration.quant_method && (reads?.(configuration) ?? true),
  );

/** What a codec is called: its variant where its method has several, else the method. */
export const codecName = ({ method, variant }: WeightCodec): string => variant ?? method;

/** The element type that the model is said to have: that of weights which are written dense. */
function denseDtype(config: JsonObject): FloatDtype {
  switch (config.dtype ?? config.torch_dtype) {
    case 'float16':
      return 'F16';
    case 'bfloat16':
      return 'BF16';
    default:
      return 'F32';
  }
}
