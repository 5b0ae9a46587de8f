import {
  type AnyAlgorithm,
  defineScenario,
  describeAlgorithm,
  type JsonObject,
  type Scenario,
} from '@espalier/core';
import { needleGrid, streamedPerplexity, TESTBED_DATA } from '@espalier/models';
import {
  type LanguageModelTask,
  loadLanguageModel,
  modelInstances,
  type Setting,
} from './language-model-task.js';

const BUDGETS: readonly Setting[] = [0.25, 0.5, 0.125].map((budget) => ({
  name: `${100 * budget} %`,
  parameters: { budget },
}));

/**
 * All key-value caches at the same budget: perplexity of the second half of each window, decoded token by token through the cache.
 * A method takes part at a budget where it has an option `budget`, a share of the dense cache; else with its own options.
 */
export const decodeThroughCache: Scenario<LanguageModelTask> = defineScenario({
  name: 'decode-through-cache',
  summary:
    'Perplexity of tokens that are decoded through a compressed key-value cache, and retrieval of a needle.',
  kind: 'kv-compressor',
  score: { name: 'perplexity', direction: 'minimize', scale: 'log' },
  data: TESTBED_DATA,
  takes: ({ kind }) => kind === 'kv-compressor',
  instances: (context) =>
    modelInstances(
      context,
      context.suite === 'full' ? BUDGETS : BUDGETS.slice(0, 1),
      context.suite === 'full' ? 600_000 : 15_000,
    ),
  options: (algorithm, instance): JsonObject => {
    const first = Object.values(algorithm.examples ?? {})[0] as JsonObject | undefined;
    const budget = Number(instance.parameters['budget']);
    return hasBudget(algorithm) ? { ...first, budget } : { ...first };
  },
  load: loadLanguageModel,
  accepts: () => true,
  async run(algorithm, options, { model, evaluation, instance }, trial) {
    if (algorithm.kind !== 'kv-compressor') throw new TypeError(`${algorithm.name} is no key-value cache.`);
    const compressor = algorithm.create(options, trial.services);
    const quick = instance.timeLimitMs < 60_000;
    const found = await streamedPerplexity(
      model,
      compressor,
      evaluation,
      quick ? { window: 256, windows: 1 } : { window: 512, windows: 8 },
      trial.run,
    );
    const cells = await trial.untimed(() =>
      needleGrid(
        compressor,
        quick ? { lengths: [512], depths: [0, 0.5, 1] } : { lengths: [1024, 4096], hint: 0.2 },
      ),
    );
    return {
      score: found.perplexity,
      metrics: {
        storedShare: found.bytes / found.denseBytes,
        needleSuccess: cells.reduce((sum, { success }) => sum + success, 0) / cells.length,
      },
      stopped: 'finished',
    };
  },
});

function hasBudget(algorithm: AnyAlgorithm): boolean {
  return describeAlgorithm(algorithm, '').options.some(({ name }) => name === 'budget');
}
