import { type JsonObject, UnsupportedError } from '@espalier/core';
import { locate } from '#files';
import type { Checkpoint, CheckpointReader } from './checkpoint.js';
import { type FileFolder, readWhole } from './file-folder.js';
import { matchTensors } from './llama-tensors.js';
import { openLlama2c } from './llama2c.js';
import { parseLlamaConfig } from './parse-config.js';
import { openSafetensorsFolder } from './safetensors-folder.js';
import { isSparse24, sparse24Reader } from './sparse24-reader.js';
import { isJsonObject, parseJsonObject } from './strict-json.js';

export const CONFIG_FILE = 'config.json';

/** No configuration comes near this. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * Opens a Llama-architecture model: a Hugging Face folder (`config.json`, safetensors in one file or in shards, dense or 2:4
 * in the compressed-tensors format), one safetensors file with a `config.json` beside it, or a llama2.c `.bin` file. Weights stay where they are until they are read.
 * @param from a path (Node only), or a folder of files from anywhere
 * @throws InvalidDataError for damaged files, and for a configuration and tensors that disagree (the field is named)
 * @throws UnsupportedError for another architecture or another quantization
 */
export async function openCheckpoint(from: string | FileFolder): Promise<Checkpoint> {
  const { folder, file } = typeof from === 'string' ? await locate(from) : { folder: from, file: undefined };
  if (file?.endsWith('.bin')) return openFully(await folder.open(file), openLlama2c);
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
  const toDense = weightFormat(json, folder.name);
  return openFully(await openSafetensorsFolder(folder, file), async (stored) => {
    const tensors = await toDense(stored);
    const { embedding, head } = await matchTensors(config, tensors, folder.name);
    return {
      name: folder.name,
      config,
      tensors,
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

/** How the stored tensors become the dense ones of the model. */
function weightFormat(
  config: JsonObject,
  folder: string,
): (stored: CheckpointReader) => CheckpointReader | Promise<CheckpointReader> {
  // `compression_config` is the older name of the field.
  const quantization = config.quantization_config ?? config.compression_config;
  if (quantization == null) return (stored) => stored;
  if (isJsonObject(quantization) && isSparse24(quantization)) return sparse24Reader;
  const method = isJsonObject(quantization) ? quantization.quant_method : quantization;
  throw new UnsupportedError(`${folder}: the weights are quantized (${JSON.stringify(method)}).`, {
    remedy: 'Use the model as it was before; 2:4 sparsity of compressed-tensors alone is read.',
  });
}
