import { type ClaimContext, type ClaimTier, defineClaim, type Measurements } from '@espalier/core';
import { judgeParts, type Part, type Rules, runFor, solverSeed } from './claim-runs.js';
import { fastBcd } from './fast-bcd.js';
import { type DesignSize, nonNegativeData } from './generated-problems.js';

const UPDATES = {
  PG: 'gradient',
  TMP: 'two-metric',
  PN: 'projected-newton',
} as const satisfies Readonly<Record<string, Rules['update']>>;
type UpdateLabel = keyof typeof UPDATES;
const LABELS = Object.keys(UPDATES) as UpdateLabel[];

/** A run that is at most this far from the minimum, relative, has ended. */
const END = 1e-9;
/** Iterations that each run may take. */
const LIMIT = 400;

/** The iteration at which F - F* falls below 1e-9 F*, `LIMIT` + 1 if never; and from which on the support is final. */
async function ending(
  prefix: string,
  rules: Rules,
  size: DesignSize,
  weight: number,
  minimum: number,
  context: ClaimContext,
): Promise<Measurements> {
  context.onProgress?.(prefix);
  const problem = { ...nonNegativeData(size, weight, context.seed), minimum };
  const { signal, services } = context;
  const { iterations, identifiedAt, converged } = await fastBcd
    .create({ ...rules, maxIterations: LIMIT, tolerance: END }, services)
    .solve(problem, { seed: solverSeed(context), signal });
  return {
    [`${prefix}.iterations`]: converged ? iterations : LIMIT + 1,
    [`${prefix}.identified`]: identifiedAt,
  };
}

/** Figures 7 and 13: finite termination once blocks hold the support. */
function finiteTermination(
  name: string,
  tier: ClaimTier,
  size: DesignSize,
  weight: number,
  sizes: readonly [number, number],
) {
  const [small, large] = sizes;
  return defineClaim({
    name,
    tier,
    statement:
      'On L1 non-negative least squares projected Newton and two-metric projection end in finitely many steps once blocks hold the support; projected gradient does not, nor do small blocks or random ones.',
    paper: {
      figure:
        'figures 7 and 13: PN and TMP with large blocks drop to the minimum in a few steps, PG is linear',
      setting: 'data set A with x >= 0, 1000 x 10000, weight 50000, blocks of 5, 50 and 100',
    },
    async measure(context) {
      const { value: minimum, support } = await fastBcd
        .create({ tolerance: 1e-12 })
        .solve(nonNegativeData(size, weight, context.seed), {
          seed: solverSeed(context),
          signal: context.signal,
        });
      const result: Record<string, number> = { support: support.length };
      for (const blockSize of [small, large]) {
        for (const label of LABELS) {
          const rules: Rules = { selection: 'gsq-prox', update: UPDATES[label], blockSize };
          Object.assign(result, await ending(`${label}@${blockSize}`, rules, size, weight, minimum, context));
        }
      }
      const random: Rules = { selection: 'random', update: 'projected-newton', blockSize: large };
      Object.assign(result, await ending('random', random, size, weight, minimum, context));
      // Not only 1e-9: after a few steps F is the minimum to rounding.
      const { value } = await runFor(
        nonNegativeData(size, weight, context.seed),
        { selection: 'gsq-prox', update: 'projected-newton', blockSize: large },
        12,
        context,
      );
      return { ...result, 'PN.relative': Math.max(0, (value - minimum) / minimum) };
    },
    figure: (m) =>
      `support ${m.support}; iterations to 1e-9: ${sizes
        .map(
          (blockSize) =>
            `blocks of ${blockSize}: ${LABELS.map((label) => `${label} ${counted(m[`${label}@${blockSize}.iterations`])} (support final from ${m[`${label}@${blockSize}.identified`]})`).join(', ')}`,
        )
        .join('; ')}; random blocks ${counted(m['random.iterations'])}`,
    judge(m) {
      const at = (label: string) => m[`${label}@${large}.iterations`];
      const parts: Part[] = [
        { holds: m.support <= large, found: `the support has ${m.support} variables, blocks ${large}` },
        {
          holds: at('PN') <= 8 && at('TMP') <= 30,
          found: `PN ends after ${counted(at('PN'))} iterations, TMP after ${counted(at('TMP'))}`,
        },
        {
          holds: m['PN.relative'] <= 1e-12,
          found: `after 12 steps PN is ${m['PN.relative'].toExponential(0)} above the minimum`,
        },
        { holds: at('PG') >= 5 * at('PN'), found: `PG needs ${counted(at('PG'))}` },
        {
          holds: m[`PN@${small}.iterations`] > at('PN') || m.support <= small,
          found: `PN with blocks of ${small} needs ${counted(m[`PN@${small}.iterations`])}`,
        },
        {
          holds: m['random.iterations'] > 10 * at('PN'),
          found: `random blocks need ${counted(m['random.iterations'])}`,
        },
      ];
      return judgeParts(parts);
    },
  });
}

const counted = (iterations: number) => (iterations > LIMIT ? `more than ${LIMIT}` : String(iterations));

export default [
  finiteTermination('finite-termination', 'quick', { rows: 200, columns: 1000 }, 10_000, [5, 50]),
  finiteTermination('finite-termination-full', 'full', { rows: 1000, columns: 10_000 }, 50_000, [5, 100]),
];
