import { type ClaimContext, defineClaim, type Measurements } from '@espalier/core';
import {
  adamContestants,
  am,
  at,
  averaged,
  bestLoss,
  type Contestant,
  largest,
  measureGrid,
  requireData,
  sgd,
  show,
  unaveraged,
} from '../claim-runs.js';
import { classification } from '../tasks/classification.js';
import { DIGITS, readDigits } from '../tasks/digits.js';
import type { TrainingTask } from '../tasks/training-task.js';

const SETTING = 'image classification, learning rate and coefficient tuned by hand (tables not checked)';
const ema = averaged(0.9);
const nesterov = unaveraged('nesterov');
const WARM_UP = 44;
const [amAdam, adamw, warmedUp] = adamContestants(0.999, WARM_UP);
/** At large rates a few runs of a method end far above the others, so that a mean over few seeds says little. */
const SEEDS = 20;
/** Of AM-MSGD and of AM-AdamW: where runs differ more, and where less. */
const QUICK_SEEDS = { sgd: 10, adam: 5 } as const;

/** A perceptron 64-32-10 on handwritten digits, batches of 64, 20 epochs. */
async function digitsTask(context: ClaimContext): Promise<TrainingTask> {
  await requireData(context, DIGITS);
  return classification({ name: 'digits', data: await readDigits(context.data), hidden: [32], epochs: 20 });
}

const lossAt = (m: Measurements, contestant: Contestant, rate: number) => m[`${at(contestant, rate)}.loss`];

/** Mean loss (median) / test accuracy of every contestant at every rate. */
function grid(m: Measurements, contestants: readonly Contestant[], rates: readonly number[]): string {
  const cell = (key: string) => {
    const accuracy = m[`${key}.testAccuracy`];
    return `${show(m[`${key}.loss`])} (${show(m[`${key}.medianLoss`])})${accuracy === undefined ? '' : ` / ${accuracy.toFixed(3)}`}`;
  };
  return rates
    .map(
      (rate) =>
        `rate ${rate}: ${contestants.map((each) => `${each.name} ${cell(at(each, rate))}`).join(', ')}`,
    )
    .join('; ');
}

/** What a mean far above its median says about the runs. */
function strays(m: Measurements, key: string): string {
  const ratio = m[`${key}.loss`] / m[`${key}.medianLoss`];
  return ratio > 2
    ? ` (a few runs end far above the others: its mean is ${show(ratio)} times its median)`
    : '';
}

function points(difference: number): string {
  return `${(100 * Math.abs(difference)).toFixed(1)} points ${difference >= 0 ? 'higher' : 'lower'}`;
}

const [LARGE, LARGE_ADAM] = [4, 0.1];

const largeRates = defineClaim({
  name: 'digits-large-rates',
  tier: 'quick',
  statement:
    "On handwritten digits at large learning rates AM-MSGD (4) ends with at most 0.5 of the training loss of averaged momentum 0.9, and AM-AdamW (0.1) with at most 0.3 of AdamW's and 0.5 of that of AdamW with warm-up; means of ten and five seeds.",
  paper: { figure: 'more robust to large learning rates, and less need of warm-up', setting: SETTING },
  data: [DIGITS],
  async measure(context) {
    const task = await digitsTask(context);
    const prefixed = (measured: Measurements, prefix: string) =>
      Object.fromEntries(Object.entries(measured).map(([key, value]) => [`${prefix}${key}`, value]));
    return {
      ...prefixed(await measureGrid(task, [am, ema], [LARGE], context, { seeds: QUICK_SEEDS.sgd }), 'sgd:'),
      ...prefixed(
        await measureGrid(task, [amAdam, adamw, warmedUp], [LARGE_ADAM], context, {
          seeds: QUICK_SEEDS.adam,
        }),
        'adam:',
      ),
    };
  },
  figure: (m) =>
    `training loss ${show(m[`sgd:${at(am, LARGE)}.loss`])} against ${show(m[`sgd:${at(ema, LARGE)}.loss`])}; ` +
    `${show(m[`adam:${at(amAdam, LARGE_ADAM)}.loss`])} against ${show(m[`adam:${at(adamw, LARGE_ADAM)}.loss`])} ` +
    `and ${show(m[`adam:${at(warmedUp, LARGE_ADAM)}.loss`])} with warm-up`,
  judge(m) {
    const ratio = (prefix: string, a: Contestant, b: Contestant, rate: number) =>
      m[`${prefix}${at(a, rate)}.loss`] / m[`${prefix}${at(b, rate)}.loss`];
    const ratios = [
      ratio('sgd:', am, ema, LARGE),
      ratio('adam:', amAdam, adamw, LARGE_ADAM),
      ratio('adam:', amAdam, warmedUp, LARGE_ADAM),
    ];
    const parts = [ratios[0] <= 0.5, ratios[1] <= 0.3, ratios[2] <= 0.5];
    return {
      verdict: parts.every(Boolean) ? 'holds' : parts.some(Boolean) ? 'partly' : 'does not hold',
      reason:
        `Ratios of mean training losses: ${ratios.map(show).join(', ')}; of the medians of AM-MSGD and averaged momentum ` +
        `${show(m[`sgd:${at(am, LARGE)}.medianLoss`] / m[`sgd:${at(ema, LARGE)}.medianLoss`])}${strays(m, `sgd:${at(am, LARGE)}`)}.`,
    };
  },
});

const SGD_RATES = [0.5, 1, 2, 4] as const;

const momentumSgdClaim = defineClaim({
  name: 'digits-momentum-sgd',
  tier: 'full',
  statement:
    'On handwritten digits the best training loss of AM-MSGD over four learning rates is at most 0.7 of that of averaged momentum 0.9, at the largest rate at most half, and the best test accuracy is not lower by more than 0.5 points; mean of twenty seeds.',
  paper: { figure: 'better than momentum 0.9 and than hand-tuned coefficients', setting: SETTING },
  data: [DIGITS],
  measure: async (context) =>
    measureGrid(await digitsTask(context), [am, ema, nesterov, sgd], SGD_RATES, context, { seeds: SEEDS }),
  figure: (m) => grid(m, [am, ema, nesterov, sgd], SGD_RATES),
  judge(m) {
    const best = bestLoss(m, am).loss / bestLoss(m, ema).loss;
    const large = lossAt(m, am, 4) / lossAt(m, ema, 4);
    const accuracy = largest(m, am, 'testAccuracy') - largest(m, ema, 'testAccuracy');
    const parts = [best <= 0.7, large <= 0.5, accuracy >= -0.005];
    return {
      verdict: parts.every(Boolean) ? 'holds' : parts[0] || parts[1] ? 'partly' : 'does not hold',
      reason:
        `Best training loss ${show(best)} of that of averaged momentum 0.9, at rate 4 ${show(large)}, of the medians ` +
        `${show(m[`${at(am, 4)}.medianLoss`] / m[`${at(ema, 4)}.medianLoss`])}${strays(m, at(am, 4))}; of Nesterov momentum 0.9 ` +
        `${show(bestLoss(m, am).loss / bestLoss(m, nesterov).loss)} and ${show(lossAt(m, am, 4) / lossAt(m, nesterov, 4))}; ` +
        `best test accuracy ${points(accuracy)}.`,
    };
  },
});

const ADAM_RATES = [0.01, 0.03, 0.1, 0.3] as const;

const withoutWarmUp = defineClaim({
  name: 'digits-without-warm-up',
  tier: 'full',
  statement:
    "On handwritten digits at a learning rate of 0.1 the training loss of AM-AdamW without warm-up is at most 0.3 of AdamW's and half of that of AdamW with warm-up; its best over four rates is at most 0.8 of the best of both; mean of twenty seeds.",
  paper: { figure: 'trains without warm-up; more robust to large learning rates', setting: SETTING },
  data: [DIGITS],
  measure: async (context) =>
    measureGrid(await digitsTask(context), [amAdam, adamw, warmedUp], ADAM_RATES, context, { seeds: SEEDS }),
  figure: (m) => grid(m, [amAdam, adamw, warmedUp], ADAM_RATES),
  judge(m) {
    const plain = lossAt(m, amAdam, 0.1) / lossAt(m, adamw, 0.1);
    const warm = lossAt(m, amAdam, 0.1) / lossAt(m, warmedUp, 0.1);
    const best = bestLoss(m, amAdam).loss / Math.min(bestLoss(m, adamw).loss, bestLoss(m, warmedUp).loss);
    const accuracy =
      largest(m, amAdam, 'testAccuracy') -
      Math.max(largest(m, adamw, 'testAccuracy'), largest(m, warmedUp, 'testAccuracy'));
    const median = (contestant: Contestant) => bestLoss(m, contestant, 'medianLoss').loss;
    const medians = median(amAdam) / Math.min(median(adamw), median(warmedUp));
    const parts = [plain <= 0.3, warm <= 0.5, best <= 0.8];
    return {
      verdict: parts.every(Boolean) ? 'holds' : parts.some(Boolean) ? 'partly' : 'does not hold',
      reason:
        `At 0.1 ${show(plain)} of AdamW's training loss, ${show(warm)} of that with warm-up; best over the rates ${show(best)}, of the ` +
        `medians ${show(medians)}${strays(m, at(amAdam, 0.1))}; best test accuracy ${points(accuracy)}.`,
    };
  },
});

export default [largeRates, momentumSgdClaim, withoutWarmUp];
