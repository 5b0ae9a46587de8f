import { defineScenario, type Scenario, UnsupportedError } from '@espalier/core';
import {
  needleGrid,
  needleTask,
  streamedPerplexity,
  TESTBED_DATA,
  type TestbedModelName,
} from '@espalier/models';
import { fitsInto, type Load, layerLoad, withinBytes } from './byte-budget.js';
import { cacheOf, cacheOptions } from './cache-options.js';
import {
  type LanguageModelTask,
  loadLanguageModel,
  modelInstances,
  REAL_MODELS,
  type Setting,
} from './language-model-task.js';

/** Bytes that a cache may take at the end of a window, over those of keys and values in float32. */
const BUDGETS: readonly Setting[] = [0.5, 0.75, 0.25, 0.125].map((bytes) => ({
  name: `${100 * bytes} % of the bytes`,
  parameters: { bytes },
}));

/** The other model predicts the ends of long windows better the less it sees of them: there no cache can be judged. */
const MODELS = REAL_MODELS.slice(0, 1);

/** Models over bytes are trained on sequences that are shorter than their context: beyond, they predict nothing. */
const TRAINED_LENGTH: Partial<Record<TestbedModelName, number>> = {
  'small-byte-model': 64,
  'byte-model': 128,
};

interface Extent {
  readonly window: number;
  readonly windows: number;
  readonly lengths: readonly [number, ...number[]];
  readonly depths: readonly number[];
}

const QUICK: Extent = { window: 256, windows: 3, lengths: [512], depths: [0, 0.5, 1] };
const FULL: Extent = { window: 512, windows: 16, lengths: [1024, 4096], depths: [0, 0.2, 0.4, 0.6, 0.8, 1] };
/** What is decoded of a window; methods that compress the prompt alone hold all of it. */
const DECODED_SHARE = 1 / 8;
/** Of the attention of the prompt's last queries, on the needle. */
const HINT = 0.2;

/**
 * All key-value caches in the same bytes: at the end of a window they hold at most a given share of what keys and values take in float32,
 * whatever a method stores and in which type. Each method's option `budget` is set to what comes closest. Judged by the perplexity of the
 * last eighth of each window, decoded token by token through the cache, and by needles that it finds again at the same share of bytes.
 * A method without an option `budget` (the full cache) runs as it is.
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
      context.suite === 'full' ? BUDGETS : BUDGETS.slice(0, 1),
      context.suite === 'full' ? 300_000 : 15_000,
      MODELS,
    ),
  options: cacheOptions,
  load: loadLanguageModel,
  accepts(algorithm, task, options = {}) {
    return fitsInto(cacheOf(algorithm), options, windowLoad(task), shareOf(task));
  },
  async run(algorithm, options, task, trial) {
    const { model, evaluation } = task;
    const share = shareOf(task);
    const cache = cacheOf(algorithm);
    const budgeted = await trial.untimed(async () => {
      await Promise.resolve(); // what follows does not wait for anything
      return withinBytes(cache, options, trial.services, windowLoad(task), share);
    });
    if (typeof budgeted === 'string') throw new UnsupportedError(budgeted);
    const { compressor, budget } = budgeted;
    const found = await streamedPerplexity(model, compressor, evaluation, windowsOf(task), trial.run);
    const needles = await trial.untimed(async () => {
      const { lengths, depths } = extentOf(task);
      // At greater lengths the same budget is at most the same share of the bytes.
      const { shape } = needleTask({ length: lengths[0], depth: 0, hint: HINT });
      const load = { shape, prompt: lengths[0], decoded: 0 };
      const own = withinBytes(cache, options, trial.services, load, share);
      return typeof own === 'string' ? [] : needleGrid(own.compressor, { lengths, depths, hint: HINT });
    });
    return {
      score: found.perplexity,
      metrics: {
        bytes: found.bytes,
        shareOfFloat32Bytes: found.bytes / found.denseBytes,
        ...(budget !== undefined && { budgetOption: budget }),
        needleSuccess: needles.reduce((sum, { success }) => sum + success, 0) / needles.length,
        needleShareOfFloat32Bytes:
          needles.reduce((sum, { bytes, denseBytes }) => sum + bytes / denseBytes, 0) / needles.length,
      },
      stopped: 'finished',
    };
  },
});

const extentOf = ({ suite }: LanguageModelTask): Extent => (suite === 'full' ? FULL : QUICK);

/** Tokens of a window, how many of them are the prompt, and as many windows as make up for shorter ones. */
function windowsOf(task: LanguageModelTask): { window: number; prefill: number; windows: number } {
  const wanted = extentOf(task);
  const name = task.instance.parameters['model'] as TestbedModelName;
  const window = Math.min(wanted.window, TRAINED_LENGTH[name] ?? task.model.config.contextLength);
  return {
    window,
    prefill: Math.floor(window * (1 - DECODED_SHARE)),
    windows: Math.floor((wanted.windows * wanted.window) / window),
  };
}

/** One layer of the model at the end of a window, whose last token is predicted, not fed. */
function windowLoad(task: LanguageModelTask): Load {
  const { window, prefill } = windowsOf(task);
  return layerLoad(task.model, prefill, window - 1 - prefill);
}

const shareOf = ({ instance }: LanguageModelTask): number => Number(instance.parameters['bytes']);
