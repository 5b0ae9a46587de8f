import { type DataFiles, type DataSet, UnsupportedError } from '@espalier/core';
import { tokensFromBytes } from '../calibration/token-windows.js';
import { memoryFolder } from '../checkpoint/file-folder.js';
import { openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { type LlamaOptions, openLlama } from '../llama/build-llama.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { byteTokenizer } from '../tokenizer/byte-tokenizer.js';
import { openTokenizer } from '../tokenizer/open-tokenizer.js';
import { tokenBytes } from '../tokenizer/token-bytes.js';
import { cachedByteModel } from '../trainer/byte-model.js';

/** Small real checkpoints, each a folder with weights and the tokens that methods are calibrated and judged on. */
export const TESTBED_DATA: readonly DataSet[] = [
  {
    path: 'stories260k',
    summary: 'A Llama model of 260 thousand parameters with calibration and evaluation tokens.',
    origin: 'https://huggingface.co/karpathy/tinyllamas (MIT)',
  },
  {
    path: 'tinystories-656k',
    summary: 'A Llama model of 656 thousand parameters with calibration and evaluation tokens.',
    origin: 'https://huggingface.co/raincandy-u/TinyStories-656K (Apache-2.0)',
  },
];

/** The models of the testbed: two real checkpoints, and two over bytes that are trained for the occasion. */
export const TESTBED_MODELS = ['stories260k', 'tinystories-656k', 'byte-model', 'small-byte-model'] as const;
export type TestbedModelName = (typeof TESTBED_MODELS)[number];

/** A model with its token streams. */
export interface TestbedModel {
  readonly model: LlamaModel;
  readonly calibration: Uint16Array;
  readonly evaluation: Uint16Array;
  /** Bytes of text that a token stands for; undefined where the tokenizer is not in the data folder. */
  readonly bytesOf?: (token: number) => number;
}

/** What the tokenizer of a real model is read from. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'tok512.bin'];

/** Whether the weights of a real model are in the data folder; the others are always at hand. */
export async function hasTestbedModel(name: TestbedModelName, data: DataFiles): Promise<boolean> {
  return isReal(name) ? data.has(`${name}/model.safetensors`) : true;
}

/**
 * Opens a model of the testbed.
 * @param from the data folder, and a folder where models over bytes are kept once they are trained
 * @throws UnsupportedError when a real model is not in the data folder
 */
export async function openTestbedModel(
  name: TestbedModelName,
  from: { readonly data: DataFiles; readonly cacheFolder?: string | undefined },
  options: LlamaOptions = {},
): Promise<TestbedModel> {
  if (!isReal(name)) {
    const size = name === 'small-byte-model' ? 'small' : 'standard';
    const { model, training, evaluation } = await cachedByteModel(from.cacheFolder, { size });
    return { model, calibration: training, evaluation, bytesOf: tokenBytes(byteTokenizer()) };
  }
  const { data } = from;
  if (!(await hasTestbedModel(name, data)))
    throw new UnsupportedError(`The model ${name} is not in the data folder.`, {
      remedy: `Name a folder with ${name}: --data DIR.`,
    });
  const files: Record<string, Uint8Array> = {};
  for (const file of ['config.json', 'model.safetensors']) files[file] = await data.read(`${name}/${file}`);
  for (const file of TOKENIZER_FILES)
    if (await data.has(`${name}/${file}`)) files[file] = await data.read(`${name}/${file}`);
  const hasTokenizer = TOKENIZER_FILES.some((file) => file !== 'tokenizer_config.json' && files[file]);
  const checkpoint = await openCheckpoint(memoryFolder(files));
  const model = await openLlama(checkpoint, options);
  await checkpoint.close();
  const tokens = async (split: string) => tokensFromBytes(await data.read(`${name}/tokens_${split}.u16`));
  return {
    model,
    calibration: await tokens('calib'),
    evaluation: await tokens('eval'),
    ...(hasTokenizer && { bytesOf: tokenBytes(await openTokenizer(memoryFolder(files, name))) }),
  };
}

const isReal = (name: TestbedModelName): boolean => !name.endsWith('byte-model');
