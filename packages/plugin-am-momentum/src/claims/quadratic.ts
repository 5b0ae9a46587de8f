import { defineClaim, type Measurements } from '@espalier/core';
import { am, at, averaged, bestLoss, measureGrid, sgd, show, unaveraged } from '../claim-runs.js';
import { QUADRATIC, quadratic } from '../tasks/quadratic.js';

const LEARNING_RATES = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] as const;
/** All forms of momentum with a fixed coefficient. */
const FIXED = [...[0.5, 0.9, 0.95, 0.99].map(averaged), unaveraged('heavy-ball'), unaveraged('nesterov')];
const USUAL = averaged(0.9);
const ROBUST = [4, 8, 16, 32] as const;

/** The convex problem of the specification: what a coefficient that follows the curvature can do, with exact gradients. */
export default defineClaim({
  name: 'quadratic',
  tier: 'quick',
  statement:
    'On a quadratic of condition number 100 the best loss of AM-MSGD after 200 steps is at most 1e-10 of the best of any fixed coefficient (averaged, heavy ball, Nesterov), and it is below 1e-7 at every learning rate from 4 to 32.',
  paper: {
    figure:
      'better than fixed momentum, hand-tuned coefficients too, on convex problems (tables not checked)',
    setting: 'convex problems, learning rate tuned for each method',
  },
  measure: (context) =>
    measureGrid(quadratic(QUADRATIC), [am, ...FIXED, sgd], LEARNING_RATES, context, { lossAfter: 50 }),
  figure: (m) =>
    `best loss ${[am, ...FIXED, sgd].map((each) => `${each.name} ${show(bestLoss(m, each).loss)} (rate ${bestLoss(m, each).learningRate})`).join(', ')}; ` +
    `at rate 8 after 50 steps ${show(after50(m).am)} against ${show(after50(m).fixed)}`,
  judge(m) {
    const best = bestLoss(m, am).loss;
    const fixed = Math.min(...FIXED.map((each) => bestLoss(m, each).loss));
    const early = after50(m);
    const robust = ROBUST.map((rate) => m[`${at(am, rate)}.loss`]);
    const parts = [
      best <= 1e-10 * fixed,
      early.am <= 1e-5 * early.fixed,
      robust.every((loss) => loss <= 1e-7),
    ];
    return {
      verdict: parts.every(Boolean) ? 'holds' : best < fixed ? 'partly' : 'does not hold',
      reason:
        `Best loss ${show(best)} against ${show(fixed)}, a ratio of ${show(best / fixed)}; at rate 8 after 50 steps ` +
        `${show(early.am / early.fixed)} of that of coefficient 0.9; at rates ${ROBUST.join(', ')}: ${robust.map(show).join(', ')}.`,
    };
  },
});

function after50(m: Measurements): { readonly am: number; readonly fixed: number } {
  return { am: m[`${at(am, 8)}.after50`], fixed: m[`${at(USUAL, 8)}.after50`] };
}
