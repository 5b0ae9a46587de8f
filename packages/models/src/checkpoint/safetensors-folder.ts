import { InvalidDataError } from '@espalier/core';
import type { CheckpointReader } from './checkpoint.js';
import { assertPlainName, type ByteSource, type FileFolder, readWhole } from './file-folder.js';
import { readHeader } from './safetensors.js';
import { isJsonObject, parseJsonObject } from './strict-json.js';
import { createTensorReader, type StoredTensor } from './tensor-reader.js';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** The indices of the largest published models have less than a tenth of this. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/**
 * The tensors of a Hugging Face folder: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
 * Only headers are read; index and shards have to name the same tensors.
 * @param only the one file to read instead
 * @throws InvalidDataError for damaged files, a shard name that leads out of the folder, and shards that disagree with the index
 */
export async function openSafetensorsFolder(folder: FileFolder, only?: string): Promise<CheckpointReader> {
  if (only !== undefined) return openShards(folder, [only], undefined);
  if (await folder.has(SINGLE_FILE)) return openShards(folder, [SINGLE_FILE], undefined);
  if (!(await folder.has(INDEX_FILE))) {
    throw new InvalidDataError(`${folder.name} has neither ${SINGLE_FILE} nor ${INDEX_FILE}.`, {
      remedy: 'Name a Hugging Face folder with safetensors weights.',
    });
  }
  const home = await readIndex(folder);
  return openShards(folder, [...new Set(home.values())].sort(), home);
}

/** Tensor name to file name. */
async function readIndex(folder: FileFolder): Promise<ReadonlyMap<string, string>> {
  const file = `${folder.name}/${INDEX_FILE}`;
  const { weight_map: weightMap } = parseJsonObject(
    await readWhole(folder, INDEX_FILE, MAX_INDEX_BYTES),
    file,
  );
  if (!isJsonObject(weightMap)) throw new InvalidDataError(`${file} has no weight_map.`);
  const home = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string') {
      throw new InvalidDataError(
        `${file}: the tensor '${tensor}' lies in ${JSON.stringify(shard)}, no file name.`,
      );
    }
    assertPlainName(shard, file);
    home.set(tensor, shard);
  }
  return home;
}

async function openShards(
  folder: FileFolder,
  files: readonly string[],
  home: ReadonlyMap<string, string> | undefined,
): Promise<CheckpointReader> {
  const tensors = new Map<string, StoredTensor>();
  const metadata: Record<string, string> = {};
  const opened: ByteSource[] = [];
  try {
    for (const file of files) {
      const source = await folder.open(file);
      opened.push(source);
      const { header, dataOffset } = await readHeader(source);
      Object.assign(metadata, header.metadata);
      for (const { name, dtype, shape, bytes, start } of header.entries) {
        const there = home?.get(name);
        if (home && there !== file) {
          throw new InvalidDataError(
            `${source.name} holds the tensor '${name}', which the index ${there ? `places in ${there}` : 'does not list'}.`,
          );
        }
        tensors.set(name, { dtype, shape, bytes, source, offset: dataOffset + start });
      }
    }
    const lost = [...(home?.keys() ?? [])].find((name) => !tensors.has(name));
    if (lost !== undefined) {
      throw new InvalidDataError(
        `${folder.name}: the tensor '${lost}' is not in ${home?.get(lost)}, where the index places it.`,
      );
    }
  } catch (error) {
    for (const source of opened) await source.close();
    throw error;
  }
  return createTensorReader(opened, tensors, metadata);
}
