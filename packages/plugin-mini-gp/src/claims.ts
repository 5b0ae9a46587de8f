import { type ClaimContext, defineClaim, type Measurements, type Verdict } from '@espalier/core';
import { banditTable } from './bandit-tables.js';
import { bbkb } from './bbkb.js';
import { type Contestant, draws, fittedExponent, measureAll, show, tableProblems } from './claim-runs.js';
import { exactPosterior } from './exactness-claim.js';
import { gpEi } from './gp-ei.js';
import { gpUcb } from './gp-ucb.js';
import { miniGpEi } from './mini-gp-ei.js';
import { miniGpUcb } from './mini-gp-ucb.js';

const PAPER_FIGURE =
  'regret as GP-UCB, GP-EI and BBKB or better, with far fewer unique candidates and a small part of the time (plots)';

const contestants = {
  'gp-ucb': gpUcb.create({}),
  'gp-ei': gpEi.create({}),
  'dense-ucb': gpUcb.create({ posterior: 'dense' }),
  'mini-ucb': miniGpUcb.create({ ratio: 1.1 }),
  'mini-ucb-1.5': miniGpUcb.create({ ratio: 1.5 }),
  'mini-ei': miniGpEi.create({ ratio: 2 }),
  // With a factor of 1 the dictionary is too small for this noise, and its regret is near chance: no fair opponent.
  bbkb: bbkb.create({ dictionaryFactor: 5 }),
} as const;

const named = (...names: readonly (keyof typeof contestants)[]): Contestant[] =>
  names.map((name) => ({ name, solver: contestants[name] }));

const ratioOf = (m: Measurements, a: string, b: string, quantity: string) =>
  m[`${a}.${quantity}`] / m[`${b}.${quantity}`];

/** `a` against `b`: regret, updates, unique candidates, seconds. */
function pair(m: Measurements, a: string, b: string): string {
  const of = (name: string) =>
    `${name} ${show(m[`${name}.regret`])} (${show(m[`${name}.updates`])} updates, ${show(m[`${name}.unique`])} unique, ${show(m[`${name}.seconds`])} s)`;
  return `${of(a)} against ${of(b)}`;
}

/** Holds when every ratio is at most its limit, partly when the first one, the regret, is. */
function judgeRatios(
  parts: readonly { readonly what: string; readonly ratio: number; readonly most: number }[],
): Verdict {
  const kept = parts.map(({ ratio, most }) => ratio <= most);
  const reason = parts
    .map(({ what, ratio, most }) => `${what} ${show(ratio)} times (at most ${show(most)})`)
    .join(', ');
  return {
    verdict: kept.every(Boolean) ? 'holds' : kept[0] ? 'partly' : 'does not hold',
    reason: `${reason}.`,
  };
}

const fewUpdates = defineClaim({
  name: 'few-updates',
  tier: 'quick',
  statement:
    'With 300 candidates and 500 evaluations (5 draws) mini-GP-UCB (C = 1.1) has at most 1.05 times the regret of GP-UCB with at most 0.85 of its posterior updates, and mini-GP-EI (C = 2) at most 1.3 times that of GP-EI with at most 1/8.',
  paper: { figure: PAPER_FIGURE, setting: 'Abalone, Cadata, NAS-bench-101' },
  measure: (context) =>
    measureAll(named('gp-ucb', 'mini-ucb', 'gp-ei', 'mini-ei'), draws(5, 300, 500, context), context),
  figure: (m) => `${pair(m, 'mini-ucb', 'gp-ucb')}; ${pair(m, 'mini-ei', 'gp-ei')}`,
  judge: (m) =>
    judgeRatios([
      { what: 'UCB: regret', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'regret'), most: 1.05 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'updates'), most: 0.85 },
      { what: 'EI: regret', ratio: ratioOf(m, 'mini-ei', 'gp-ei', 'regret'), most: 1.3 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ei', 'gp-ei', 'updates'), most: 1 / 8 },
    ]),
});

const ucbAtEqualRegret = defineClaim({
  name: 'ucb-at-equal-regret',
  tier: 'full',
  statement:
    'With 1,000 candidates and 1,500 evaluations (5 draws) mini-GP-UCB (C = 1.1) has at most 1.05 times the regret of GP-UCB with at most half of its posterior updates and at most 0.45 of its time.',
  paper: { figure: PAPER_FIGURE, setting: 'Abalone, Cadata, NAS-bench-101' },
  measure: (context) =>
    measureAll(named('gp-ucb', 'mini-ucb', 'mini-ucb-1.5'), draws(5, 1_000, 1_500, context), context),
  figure: (m) => `${pair(m, 'mini-ucb', 'gp-ucb')}; C = 1.5: ${pair(m, 'mini-ucb-1.5', 'gp-ucb')}`,
  judge: (m) =>
    judgeRatios([
      { what: 'regret', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'regret'), most: 1.05 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'updates'), most: 0.5 },
      { what: 'time', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'seconds'), most: 0.45 },
    ]),
});

const eiAtEqualRegret = defineClaim({
  name: 'ei-at-equal-regret',
  tier: 'full',
  statement:
    'With 1,000 candidates and 1,500 evaluations (5 draws) mini-GP-EI (C = 2) has at most 1.3 times the regret of GP-EI with at most 1/20 of its posterior updates and at most 1/20 of its time.',
  paper: { figure: PAPER_FIGURE, setting: 'Abalone, Cadata, NAS-bench-101' },
  measure: (context) => measureAll(named('gp-ei', 'mini-ei'), draws(5, 1_000, 1_500, context), context),
  figure: (m) => pair(m, 'mini-ei', 'gp-ei'),
  judge: (m) =>
    judgeRatios([
      { what: 'regret', ratio: ratioOf(m, 'mini-ei', 'gp-ei', 'regret'), most: 1.3 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ei', 'gp-ei', 'updates'), most: 1 / 20 },
      { what: 'time', ratio: ratioOf(m, 'mini-ei', 'gp-ei', 'seconds'), most: 1 / 20 },
    ]),
});

const HORIZONS = [1_000, 2_000, 4_000, 8_000] as const;

const growthWithEvaluations = defineClaim({
  name: 'growth-with-evaluations',
  tier: 'full',
  statement:
    'From 1,000 to 8,000 evaluations (1,000 candidates) the time of mini-GP-EI (C = 2) grows with an exponent below 1, that of GP-UCB with one row an evaluation with about 2.',
  paper: {
    figure: 'O~(T + A gamma_T^3) against O(A T^2) and more',
    setting:
      'theory: gamma_T is polylogarithmic for the RBF kernel, so exponents 1 (or less, while the second term rules) and 2',
  },
  async measure(context) {
    const measured: Record<string, number> = {};
    for (const horizon of HORIZONS) {
      context.onProgress?.(`T = ${horizon}`);
      // A few milliseconds a run: several of them, after one that compiles.
      const problems = draws(5, 1_000, horizon, context);
      await measureAll(named('mini-ei'), problems, context);
      const found = {
        ...(await measureAll(named('mini-ei'), problems, context)),
        ...(await measureAll(named('dense-ucb'), problems.slice(0, 1), context)),
      };
      for (const name of ['mini-ei', 'dense-ucb'])
        measured[`${name}@${horizon}.seconds`] = found[`${name}.seconds`];
    }
    return measured;
  },
  figure: (m) =>
    ['mini-ei', 'dense-ucb']
      .map(
        (name) =>
          `${name}: exponent ${show(exponentOf(m, name))} (${HORIZONS.map((t) => `${show(m[`${name}@${t}.seconds`])} s`).join(', ')})`,
      )
      .join('; '),
  judge(m) {
    const [mini, dense] = [exponentOf(m, 'mini-ei'), exponentOf(m, 'dense-ucb')];
    const last = HORIZONS[HORIZONS.length - 1];
    const faster = m[`dense-ucb@${last}.seconds`] / m[`mini-ei@${last}.seconds`];
    const kept = [mini < 1.1, dense > 1.6];
    return {
      verdict: kept.every(Boolean) ? 'holds' : kept.some(Boolean) ? 'partly' : 'does not hold',
      reason: `Exponents ${show(mini)} (theory at most 1) and ${show(dense)} (theory 2); at ${last} evaluations ${show(faster)} times faster.`,
    };
  },
});

function exponentOf(m: Measurements, name: string): number {
  return fittedExponent(HORIZONS.map((t) => [t, m[`${name}@${t}.seconds`]] as const));
}

function tableClaim(
  name: 'abalone' | 'cadata',
  budget: number,
  statement: string,
  names: readonly (keyof typeof contestants)[],
  judge: (m: Measurements) => Verdict,
) {
  const [first] = names;
  return defineClaim({
    name,
    tier: 'full',
    statement,
    paper: { figure: PAPER_FIGURE, setting: 'Abalone (4,177 candidates), Cadata (20,640), RBF kernel' },
    data: [banditTable(name)],
    measure: async (context: ClaimContext) =>
      measureAll(named(...names), await tableProblems(name, 3, budget, context), context),
    figure: (m) =>
      names
        .slice(1)
        .map((other) => pair(m, first, other))
        .join('; '),
    judge,
  });
}

const abalone = tableClaim(
  'abalone',
  1_000,
  'On Abalone (1,000 evaluations, 3 seeds) mini-GP-UCB (C = 1.1) has at most 1.05 times the regret of GP-UCB with at most 0.65 of its posterior updates, and at most that of BBKB.',
  ['mini-ucb', 'gp-ucb', 'bbkb', 'mini-ei', 'gp-ei'],
  (m) =>
    judgeRatios([
      { what: 'regret', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'regret'), most: 1.05 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ucb', 'gp-ucb', 'updates'), most: 0.65 },
      { what: "BBKB's regret", ratio: ratioOf(m, 'mini-ucb', 'bbkb', 'regret'), most: 1 },
    ]),
);

const cadata = tableClaim(
  'cadata',
  600,
  'On Cadata (600 evaluations, 3 seeds) mini-GP-UCB (C = 1.5) has at most 1.05 times the regret of GP-UCB in less time, and mini-GP-EI (C = 2) at most a fifth of it with at most a fifth of its posterior updates.',
  ['mini-ucb-1.5', 'gp-ucb', 'mini-ei'],
  (m) =>
    judgeRatios([
      { what: 'regret', ratio: ratioOf(m, 'mini-ucb-1.5', 'gp-ucb', 'regret'), most: 1.05 },
      { what: 'time', ratio: ratioOf(m, 'mini-ucb-1.5', 'gp-ucb', 'seconds'), most: 1 },
      { what: 'EI: regret', ratio: ratioOf(m, 'mini-ei', 'gp-ucb', 'regret'), most: 0.2 },
      { what: 'updates', ratio: ratioOf(m, 'mini-ei', 'gp-ucb', 'updates'), most: 0.2 },
    ]),
);

export default [
  exactPosterior,
  fewUpdates,
  ucbAtEqualRegret,
  eiAtEqualRegret,
  growthWithEvaluations,
  abalone,
  cadata,
];
