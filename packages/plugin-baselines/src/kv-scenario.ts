import {
  defineScenario,
  type JsonObject,
  type KVCompressor,
  type Scenario,
  type Services,
  UnsupportedError,
} from '@espalier/core';
import {
  attentionInputs,
  consecutiveWindows,
  type NeedleCell,
  needleGrid,
  needleTask,
  outputFidelity,
  streamedPerplexity,
  TESTBED_DATA,
  type TestbedModelName,
} from '@espalier/models';
import { dispose } from '@tensorflow/tfjs-core';
import { fitsInto, type Load, layerLoad, withinBytes } from './byte-budget.js';
import { cacheOf, cacheOptions } from './cache-options.js';
import {
  type LanguageModelTask,
  loadLanguageModel,
  modelInstances,
  type Setting,
} from './language-model-task.js';

/**
 * Bytes that a cache may take at the end of a window, over those of keys and values in float32, and the share of the window that is its
 * prompt. Methods that compress the prompt alone hold all that is decoded after it: long prompts are for them.
 */
const LONG_PROMPT: readonly Setting[] = [0.5, 0.75, 0.25, 0.125].map((bytes) => ({
  name: `${100 * bytes} % of the bytes`,
  parameters: { bytes, prompt: 7 / 8 },
}));
/** The usual protocol: half of the window is decoded. */
const HALF_PROMPT: readonly Setting[] = [1, 0.5, 0.25, 0.125].map((bytes) => ({
  name: `${100 * bytes} % of the bytes, half decoded`,
  parameters: { bytes, prompt: 1 / 2 },
}));

/**
 * Longest windows. Models over bytes are trained on sequences that are shorter than their context: beyond, they predict nothing. The second
 * real model predicts the ends of longer windows better the less it sees of them: there no cache can be judged.
 */
const LONGEST: Partial<Record<TestbedModelName, number>> = {
  'small-byte-model': 64,
  'byte-model': 128,
  'tinystories-656k': 256,
};

interface Extent {
  readonly window: number;
  readonly windows: number;
  /** Windows whose attention outputs are compared with those of the full cache, in every layer and head. */
  readonly compared: number;
}

const QUICK: Extent = { window: 256, windows: 3, compared: 0 };
const FULL: Extent = { window: 512, windows: 16, compared: 2 };
/** Needles are a side figure here; `find-needles` has the whole grid. */
const NEEDLES = { lengths: [512], depths: [0, 0.5, 1], hint: 0.2 } as const;

/**
 * All key-value caches in the same bytes: at the end of a window they hold at most a given share of what keys and values take in float32,
 * whatever a method stores and in which type. Each method's option `budget` is set to what comes closest. Judged by the perplexity of the
 * tokens of each window that are decoded one by one through the cache, and by needles that it finds again at the same share of bytes; in the
 * full suite also by how far its attention outputs are from the dense ones. A method without an option `budget` (the full cache) runs as it
 * is.
 */
export const decodeThroughCache: Scenario<LanguageModelTask> = defineScenario({
  name: 'decode-through-cache',
  summary:
    'Perplexity of tokens that are decoded through a key-value cache, and retrieval of needles, at equal bytes: shares of keys and values in float32.',
  kind: 'kv-compressor',
  score: { name: 'perplexity', direction: 'minimize', scale: 'log' },
  data: TESTBED_DATA,
  takes: ({ kind }) => kind === 'kv-compressor',
  instances: (context) =>
    modelInstances(
      context,
      context.suite === 'full' ? [...HALF_PROMPT, ...LONG_PROMPT] : LONG_PROMPT.slice(0, 1),
      context.suite === 'full' ? 300_000 : 15_000,
    ),
  options: cacheOptions,
  load: loadLanguageModel,
  accepts(algorithm, task, options = {}) {
    return fitsInto(cacheOf(algorithm), options, windowLoad(task), shareOf(task));
  },
  async run(algorithm, options, task, trial) {
    const { model, evaluation, bytesOf } = task;
    const share = shareOf(task);
    const cache = cacheOf(algorithm);
    const budgeted = await trial.untimed(async () => {
      await Promise.resolve(); // what follows does not wait for anything
      return withinBytes(cache, options, trial.services, windowLoad(task), share);
    });
    if (typeof budgeted === 'string') throw new UnsupportedError(budgeted);
    const { compressor, budget } = budgeted;
    const measured = { ...windowsOf(task), ...(bytesOf && { bytesOf }) };
    const found = await streamedPerplexity(model, compressor, evaluation, measured, trial.run);
    const beside = await trial.untimed(async () => ({
      needles: await needleFigures(cache, options, trial.services, share),
      outputs: await outputFigures(task, compressor),
    }));
    return {
      score: found.perplexity,
      metrics: {
        bytes: found.bytes,
        shareOfFloat32Bytes: found.bytes / found.denseBytes,
        ...(budget !== undefined && { budgetOption: budget }),
        ...(found.bitsPerByte !== undefined && { bitsPerByte: found.bitsPerByte }),
        ...beside.needles,
        ...beside.outputs,
      },
      stopped: 'finished',
    };
  },
});

/** Share of the needles that are found, in a budget of their own: heads are larger than those of the models. */
async function needleFigures(
  cache: ReturnType<typeof cacheOf>,
  options: JsonObject,
  services: Partial<Services>,
  share: number,
): Promise<Record<string, number>> {
  const { shape } = needleTask({ length: NEEDLES.lengths[0], depth: 0, hint: NEEDLES.hint });
  const own = withinBytes(cache, options, services, { shape, prompt: NEEDLES.lengths[0], decoded: 0 }, share);
  const cells = typeof own === 'string' ? [] : await needleGrid(own.compressor, NEEDLES);
  const mean = (of: (cell: NeedleCell) => number) =>
    cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length;
  return {
    needleSuccess: mean(({ success }) => success),
    needleShareOfFloat32Bytes: mean(({ bytes, denseBytes }) => bytes / denseBytes),
  };
}

/** ||O - O_dense|| / ||O_dense|| of the decoded tokens: its mean over all heads, by layer, and the largest of any head. */
async function outputFigures(
  task: LanguageModelTask,
  compressor: KVCompressor,
): Promise<Record<string, number>> {
  const { compared } = extentOf(task);
  if (compared === 0) return {};
  const { window, prefill } = windowsOf(task);
  const windows = consecutiveWindows(task.evaluation, window).slice(0, compared);
  const byLayer: number[] = new Array(task.model.config.layers).fill(0);
  let worst = 0;
  for (const tokens of windows)
    for (const inputs of attentionInputs(task.model, tokens)) {
      const { layer, errors } = await outputFidelity(compressor, inputs, prefill);
      dispose([inputs.queries, inputs.keys, inputs.values]);
      byLayer[layer] += errors.reduce((sum, error) => sum + error, 0) / errors.length / windows.length;
      worst = Math.max(worst, ...errors);
    }
  return {
    outputError: byLayer.reduce((sum, error) => sum + error, 0) / byLayer.length,
    outputErrorWorstHead: worst,
    ...Object.fromEntries(byLayer.map((error, layer) => [`outputErrorLayer${layer}`, error])),
  };
}

const extentOf = ({ suite }: LanguageModelTask): Extent => (suite === 'full' ? FULL : QUICK);

/** Tokens of a window, how many of them are the prompt, and as many windows as make up for shorter ones. */
function windowsOf(task: LanguageModelTask): { window: number; prefill: number; windows: number } {
  const wanted = extentOf(task);
  const name = task.instance.parameters['model'] as TestbedModelName;
  const window = Math.min(wanted.window, LONGEST[name] ?? task.model.config.contextLength);
  return {
    window,
    prefill: Math.floor(window * Number(task.instance.parameters['prompt'])),
    windows: Math.floor((wanted.windows * wanted.window) / window),
  };
}

/** One layer of the model at the end of a window, whose last token is predicted, not fed. */
function windowLoad(task: LanguageModelTask): Load {
  const { window, prefill } = windowsOf(task);
  return layerLoad(task.model, prefill, window - 1 - prefill);
}

const shareOf = ({ instance }: LanguageModelTask): number => Number(instance.parameters['bytes']);
