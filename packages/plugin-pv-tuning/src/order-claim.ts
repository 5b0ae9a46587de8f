import {
  type Claim,
  type ClaimContext,
  defineClaim,
  type Measurements,
  type OptionsSchema,
  type QuantizerAlgorithm,
  type TrainingData,
  type Verdict,
} from '@espalier/core';
import {
  calibrationWindows,
  openTestbedModel,
  perplexity,
  storedShare,
  TESTBED_DATA,
  type TestbedModelName,
  tokenBatches,
} from '@espalier/models';
import { gptq, roundToNearest } from '@espalier/models/baselines';
import { aqlm } from './aqlm.js';
import { PAPER_SETTING, roundedFigure } from './claim-words.js';
import { pvTuning } from './pv-tuning.js';
import { TUNED_RATES } from './tuned-rates.js';

type Tuned = keyof typeof TUNED_RATES;
const TUNED = Object.keys(TUNED_RATES) as Tuned[];
/** Integers for comparison, by the bits of their codes, which scales come on top of. */
const INTEGERS = [
  ['rtn', roundToNearest, 2],
  ['gptq', gptq, 2],
  ['gptq', gptq, 3],
] as const;
const label = (name: string, bits: number) => `${name}, ${bits}-bit codes`;
const ALL = ['dense', ...INTEGERS.map(([name, , bits]) => label(name, bits)), 'calibration-only', ...TUNED];

/** Of codebooks, everything stored counted. */
const BITS = 3;
/** Windows that methods are tuned on, the ones after them that choose among states, and windows a step. */
const [WINDOWS, VALIDATION_WINDOWS, BATCH] = [64, 8, 4];
/** Tokens of a window. */
const LENGTH = 256;
/** Of all tuned methods; small models take larger steps than the released rates, which are for 1e9 tokens. */
const SHARED = { lr: 3e-3, beamSize: 2 } as const;

/** Perplexity and stored share of each method on a small model; all tuned methods take equal steps from one start. */
async function compareQuantizers(
  name: TestbedModelName,
  steps: number,
  { data, services, seed, signal, onProgress }: ClaimContext,
): Promise<Measurements> {
  const { model, calibration, evaluation } = await openTestbedModel(name, {
    data,
    cacheFolder: services.cacheFolder,
  });
  const windows = calibrationWindows(calibration, {
    window: LENGTH,
    count: WINDOWS + VALIDATION_WINDOWS,
  });
  const batches = tokenBatches(windows.slice(0, WINDOWS), BATCH);
  const validation = tokenBatches(windows.slice(WINDOWS), VALIDATION_WINDOWS);
  const training: TrainingData = { batchesPerEpoch: batches.length, epoch: () => batches, validation };
  const measured: Record<string, number> = {};
  const measure = async (
    under: string,
    algorithm: QuantizerAlgorithm<string, OptionsSchema>,
    options: object,
    bits = BITS,
  ) => {
    onProgress?.(`${name}: ${under}`);
    const report = await algorithm
      .create(options, services)
      .quantize(model, { bits, calibration: batches, data: training }, { seed, signal });
    measured[under] = (await perplexity(report.model, evaluation, { window: LENGTH })).perplexity;
    measured[`${under}.share`] = storedShare(report.model, model);
    report.model.dispose();
  };
  try {
    measured.dense = (await perplexity(model, evaluation, { window: LENGTH })).perplexity;
    for (const [name, algorithm, bits] of INTEGERS) await measure(label(name, bits), algorithm, {}, bits);
    await measure('calibration-only', aqlm, {});
    for (const method of TUNED)
      await measure(method, pvTuning, { method, steps, ...SHARED, ...TUNED_RATES[method] });
  } finally {
    batches.dispose();
    validation.dispose();
    model.dispose();
  }
  return measured;
}

/** The paper's order, from the highest perplexity to the lowest; naive steps are no better than none. */
const ORDER = [
  'calibration-only',
  'continuous-only',
  'stochastic-rounding',
  'straight-through',
  'subspace-pv',
  'subspace-pv+ste',
] as const;

/** Each perplexity with the bits a weight that it was reached at, scales and codebooks counted. */
const perplexities = (measured: Measurements): string =>
  ALL.filter((name) => measured[name] !== undefined)
    .map((name) => {
      const share = measured[`${name}.share`];
      const at = share === undefined ? '' : ` at ${(32 * share).toFixed(2)} bits`;
      return `${name} ${roundedFigure(measured[name])}${at}`;
    })
    .join('; ');

function judgeOrder(measured: Measurements): Verdict {
  const pairs = ORDER.slice(1).map((lower, i) => [lower, ORDER[i]] as const);
  const right = pairs.filter(([lower, higher]) => measured[lower] < measured[higher]);
  const lowest = ORDER.every((other) => measured['subspace-pv+ste'] <= measured[other]);
  const wrong = pairs
    .filter((pair) => !right.includes(pair))
    .map(([lower, higher]) => `${lower} is not below ${higher}`);
  return {
    verdict: wrong.length === 0 ? 'holds' : lowest && right.length > 1 ? 'partly' : 'does not hold',
    reason: `${right.length} of the ${pairs.length} steps of the order hold${wrong.length > 0 ? ` (${wrong.join(', ')})` : ''}. Perplexities: ${perplexities(measured)}.`,
  };
}

/** The order of the paper's table on a small trained model. */
export const order = (name: TestbedModelName, steps: number): Claim =>
  defineClaim({
    name: `order-${name}`,
    tier: 'full',
    statement: `On ${name}, codebooks within ${BITS} bits a weight, ${steps} steps of ${BATCH} windows of ${LENGTH} tokens (${(steps * BATCH * LENGTH).toLocaleString('en')} tokens), each at rates tuned for it, perplexity on windows of ${LENGTH} falls in the order calibration-only, continuous-only, stochastic-rounding, straight-through, subspace-pv, subspace-pv+ste; rtn and gptq with codes of 2 and 3 bits stand beside it.`,
    paper: {
      figure:
        '7.38 calibration, 6.69 continuous, 6.56 stochastic rounding, 6.41 straight-through, 6.13 subspace, 5.90 subspace with straight-through',
      setting: PAPER_SETTING,
    },
    data: TESTBED_DATA,
    measure: (context) => compareQuantizers(name, steps, context),
    figure: perplexities,
    judge: judgeOrder,
  });
