import { InvalidDataError, type JsonObject, UnsupportedError } from '@espalier/core';
import { locate } from '#files';
import { type FileFolder, readWhole } from '../checkpoint/file-folder.js';
import { parseJsonObject } from '../checkpoint/strict-json.js';
import { huggingFaceTokenizer } from './huggingface-tokenizer.js';
import { parseLlama2cTokenizer } from './llama2c-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';

/** The largest published `tokenizer.json` have a quarter of this. */
const MAX_TOKENIZER_BYTES = 128 * 1024 * 1024;

/**
 * The tokenizer of a model: `tokenizer.json` of a folder, else its llama2.c vocabulary (`tokenizer.bin`, or `tok<vocabulary>.bin`
 * with the size that config.json says).
 * @param from a path of a folder or of the file itself (Node only), or a folder of files from anywhere
 * @throws InvalidDataError where there is none, or it is damaged
 */
export async function openTokenizer(from: string | FileFolder): Promise<Tokenizer> {
  const { folder, file } = typeof from === 'string' ? await locate(from) : { folder: from, file: undefined };
  const modelConfig = await readJson(folder, 'config.json');
  const chosen = file ?? (await findFile(folder, modelConfig));
  const name = `${folder.name}/${chosen}`;
  if (chosen.endsWith('.json')) {
    return huggingFaceTokenizer(parseJsonObject(await readWhole(folder, chosen, MAX_TOKENIZER_BYTES), name), {
      name,
      modelConfig,
      tokenizerConfig: await readJson(folder, 'tokenizer_config.json'),
    });
  }
  if (chosen.endsWith('.bin')) {
    return parseLlama2cTokenizer(await readWhole(folder, chosen, MAX_TOKENIZER_BYTES), name);
  }
  throw new UnsupportedError(`${name} is no tokenizer that is known.`, {
    remedy: 'Name a tokenizer.json or a llama2.c vocabulary *.bin.',
  });
}

async function findFile(folder: FileFolder, modelConfig: JsonObject | undefined): Promise<string> {
  const candidates = ['tokenizer.json', 'tokenizer.bin', `tok${modelConfig?.vocab_size}.bin`];
  for (const file of candidates) if (await folder.has(file)) return file;
  throw new InvalidDataError(`${folder.name} has no tokenizer: none of ${candidates.join(', ')}.`, {
    remedy: 'Copy it from where the model came from; a model of bytes takes byteTokenizer().',
  });
}

/** undefined where the file is absent. */
async function readJson(folder: FileFolder, file: string): Promise<JsonObject | undefined> {
  if (!(await folder.has(file))) return undefined;
  return parseJsonObject(await readWhole(folder, file, MAX_TOKENIZER_BYTES), `${folder.name}/${file}`);
}
