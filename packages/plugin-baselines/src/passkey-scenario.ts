import { defineScenario, deriveSeed, type Instance, type Scenario, UnsupportedError } from '@espalier/core';
import { cachedPasskeyModel, type LlamaModel, passkeyAccuracy, passkeyTask } from '@espalier/models';
import { fitsInto, type Load, layerLoad, withinBytes } from './byte-budget.js';
import { cacheOf, cacheOptions } from './cache-options.js';

/** Bytes that a cache may take at the end of a sequence, over those of keys and values in float32. */
const SHARES = [0.75, 0.5, 0.25, 0.125];
/** Of the sequences that are asked: the longest that the model was trained on. */
const LENGTH = 128;
const ANSWER = 4;
const DEPTHS = [0, 0.25, 0.5, 0.75, 1];
const PER_DEPTH = 40;

/** A model that finds facts in its context, with the instance. */
export interface PasskeyScenarioTask {
  readonly instance: Instance;
  readonly model: LlamaModel;
}

/**
 * All key-value caches in the same bytes, on a small model that was trained to find a fact in filler: the share of facts that it gives
 * byte for byte when it decodes through the cache, in all and by depth. The question comes last, so that the end of the prompt shows what
 * is wanted. Full suite only: the model takes minutes to train, once.
 */
export const retrievePasskey: Scenario<PasskeyScenarioTask> = defineScenario({
  name: 'retrieve-passkey',
  summary:
    'Share of facts that a small trained model finds in its context through a key-value cache, at equal bytes: shares of keys and values in float32.',
  kind: 'kv-compressor',
  score: { name: 'accuracy', direction: 'maximize' },
  takes: ({ kind }) => kind === 'kv-compressor',
  instances: async ({ suite }) =>
    (suite === 'full' ? SHARES : []).map((bytes) => ({
      name: `passkeys, ${100 * bytes} % of the bytes`,
      source: 'generated',
      parameters: { bytes },
      timeLimitMs: 300_000,
    })),
  options: cacheOptions,
  load: async (instance, { cacheFolder }) => ({ instance, model: await cachedPasskeyModel(cacheFolder) }),
  accepts: (algorithm, { model, instance }, options = {}) =>
    fitsInto(cacheOf(algorithm), options, loadOf(model), Number(instance.parameters['bytes'])),
  async run(algorithm, options, { model, instance }, trial) {
    const share = Number(instance.parameters['bytes']);
    const budgeted = trial.untimed(() =>
      withinBytes(cacheOf(algorithm), options, trial.services, loadOf(model), share),
    );
    if (typeof budgeted === 'string') throw new UnsupportedError(budgeted);
    const { compressor, budget } = budgeted;
    const byDepth: Record<string, number> = {};
    let total = 0;
    for (const [i, depth] of DEPTHS.entries()) {
      const tasks = Array.from({ length: PER_DEPTH }, (_, k) =>
        passkeyTask({ length: LENGTH, depth, seed: deriveSeed('passkey asking', i, k) }),
      );
      const accuracy = await passkeyAccuracy(model, compressor, tasks, trial.run);
      byDepth[`accuracyAtDepth${100 * depth}`] = accuracy;
      total += accuracy / DEPTHS.length;
      trial.point(total * (DEPTHS.length / (i + 1)), i + 1);
    }
    return {
      score: total,
      metrics: {
        ...byDepth,
        shareOfFloat32Bytes: budgeted.share,
        ...(budget !== undefined && { budgetOption: budget }),
      },
      stopped: 'finished',
    };
  },
});

/** One layer at the end of a sequence, whose last byte is predicted, not fed. */
const loadOf = (model: LlamaModel): Load => layerLoad(model, LENGTH - ANSWER, ANSWER - 1);
