import { type Claim, type ClaimContext, defineClaim, noDataFiles, type Optimizer } from '@espalier/core';
import { train } from '@espalier/models';
import { adamW, momentumSgd } from '@espalier/models/baselines';
import { amAdamw } from '../am-adamw.js';
import { amMsgd } from '../am-msgd.js';
import { adamContestants, at, bestLoss, measureGrid, requireData, show } from '../claim-runs.js';
import { languageModel, readText, TEXT } from '../tasks/language-model.js';

const STEPS = 300;
const SEEDS = 3;
/** Of each run, with a tenth of its steps as warm-up where there is one. */
const CONTESTANTS = adamContestants(0.95, STEPS / 10);
const [amAdam, adamw, warmedUp] = CONTESTANTS;
const LEARNING_RATES = [0.001, 0.003, 0.01, 0.03] as const;
/** Nats a byte that count as equal: what another seed changes. */
const EQUAL = 0.02;

const languageModelClaim = defineClaim({
  name: 'language-model',
  tier: 'full',
  statement:
    'A byte-level Llama trained without warm-up by AM-AdamW reaches a validation loss as good as the best of AdamW with or without warm-up, and a lower one than AdamW without warm-up at the largest of four learning rates; mean of three seeds.',
  paper: {
    figure: 'better than AdamW on pre-training of language models, without warm-up (tables not checked)',
    setting: 'Llama of 60 million parameters and more, billions of tokens',
  },
  data: [TEXT],
  async measure(context) {
    await requireData(context, TEXT);
    const task = languageModel(await readText(context.data), STEPS);
    return measureGrid(task, CONTESTANTS, LEARNING_RATES, context, { seeds: SEEDS });
  },
  figure: (m) =>
    LEARNING_RATES.map(
      (rate) =>
        `rate ${rate}: ${CONTESTANTS.map((each) => `${each.name} ${show(m[`${at(each, rate)}.loss`])}`).join(', ')}`,
    ).join('; '),
  judge(m) {
    const best = bestLoss(m, amAdam).loss;
    const others = Math.min(bestLoss(m, adamw).loss, bestLoss(m, warmedUp).loss);
    const largest = LEARNING_RATES[LEARNING_RATES.length - 1];
    const gain = m[`${at(adamw, largest)}.loss`] - m[`${at(amAdam, largest)}.loss`];
    const parts = [best <= others + EQUAL, gain > 0];
    return {
      verdict: parts.every(Boolean) ? 'holds' : parts.some(Boolean) ? 'partly' : 'does not hold',
      reason: `Best validation loss ${show(best)} against ${show(others)} nats a byte; at ${largest} it is ${gain >= 0 ? `${show(gain)} lower` : `${show(-gain)} higher`} than AdamW's.`,
    };
  },
});

/** In turn, so that whatever else the machine does meets all optimizers alike. */
const ROUNDS = 8;
const TIMED_STEPS = 20;
/** Before the first timed step: kernels are compiled, state is made. */
const WARM_STEPS = 3;

const stepCost = defineClaim({
  name: 'step-cost',
  tier: 'full',
  statement:
    'A training step of a byte-level Llama takes at most 5 % longer with AM-MSGD than with momentum SGD, and with AM-AdamW than with AdamW.',
  paper: {
    figure: 'the cost of a step is about that of the base optimizer',
    setting: 'large models on GPUs',
  },
  async measure(context) {
    const text = await readText(noDataFiles);
    const rules: Readonly<Record<string, () => Optimizer>> = {
      'momentum-sgd': () => momentumSgd.create({ form: 'average' }),
      'am-msgd': () => amMsgd.create(),
      adamw: () => adamW.create(),
      'am-adamw': () => amAdamw.create(),
    };
    const fastest: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, create] of Object.entries(rules)) {
        context.onProgress?.(`timing ${name}`);
        const ms = await millisecondsAStep(text, create(), context);
        fastest[`${name}.ms`] = Math.min(fastest[`${name}.ms`] ?? Number.POSITIVE_INFINITY, ms);
      }
    }
    return fastest;
  },
  figure: (m) =>
    `${show(m['am-msgd.ms'])} against ${show(m['momentum-sgd.ms'])} ms, ${show(m['am-adamw.ms'])} against ${show(m['adamw.ms'])} ms a step`,
  judge(m) {
    const ratios = [m['am-msgd.ms'] / m['momentum-sgd.ms'], m['am-adamw.ms'] / m['adamw.ms']];
    const within = ratios.filter((ratio) => ratio <= 1.05).length;
    return {
      verdict: within === 2 ? 'holds' : within === 1 ? 'partly' : 'does not hold',
      reason: `Time of a step over that of the base optimizer: ${ratios.map((ratio) => ratio.toFixed(3)).join(' and ')}.`,
    };
  },
});

/** The time of the fastest training step, the one that other programs disturbed least: gradients and update. */
async function millisecondsAStep(
  text: Uint8Array,
  optimizer: Optimizer,
  { seed, signal, services: { clock } }: ClaimContext,
): Promise<number> {
  const start = languageModel(text, WARM_STEPS + TIMED_STEPS).start(seed);
  let fastest = Number.POSITIVE_INFINITY;
  let last = clock.now();
  try {
    await train(
      start.trainable,
      {
        optimizer,
        batch: start.batch,
        steps: WARM_STEPS + TIMED_STEPS,
        learningRate: 0.001,
        onStep({ step }) {
          const now = clock.now();
          if (step > WARM_STEPS) fastest = Math.min(fastest, now - last);
          last = now;
        },
      },
      { signal },
    );
  } finally {
    optimizer.dispose();
    start.dispose();
  }
  return fastest;
}

export default [languageModelClaim, stepCost] satisfies readonly Claim[];
