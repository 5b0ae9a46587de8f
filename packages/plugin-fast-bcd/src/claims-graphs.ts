import { type ClaimContext, type ClaimTier, defineClaim, type Measurements } from '@espalier/core';
import { factorBlock } from './block-solve.js';
import { fittedExponent, judgeParts, type Rules, runFor, show } from './claim-runs.js';
import type { QuadraticObjective } from './composite-minimization.js';
import { conjugateGradient } from './conjugate-gradient.js';
import { factorForest } from './forest.js';
import { latticeData, twoMoonsData } from './generated-problems.js';
import type { LabelPropagation } from './label-propagation.js';
import { latticeCombs } from './lattice.js';

const RULES: Readonly<Record<string, Rules>> = {
  gsTree: { selection: 'gs-tree' },
  treePartitions: { selection: 'tree-partitions' },
  randomTree: { selection: 'random-tree' },
  redBlack: { selection: 'red-black' },
  general: { selection: 'gs-exact-tree' },
};
const NAMES = Object.keys(RULES);

/** (F - F*) / (F(0) - F*) of each rule; F(0) = 0. */
async function relativeGaps(
  prefix: string,
  { problem }: LabelPropagation,
  iterations: number,
  context: ClaimContext,
): Promise<Measurements> {
  const { value: minimum } = await conjugateGradient.create({ tolerance: 1e-13 }).solve(problem);
  const gaps: Record<string, number> = {};
  for (const name of NAMES) {
    context.onProgress?.(`${prefix}: ${name}`);
    const { value } = await runFor(problem, RULES[name], iterations, context);
    gaps[`${prefix}.${name}`] = Math.max(0, (value - minimum) / -minimum);
  }
  return gaps;
}

/** Figure 6: exact updates on graphs, at equal cost O(n) an iteration. */
function forests(
  name: string,
  tier: ClaimTier,
  data: Readonly<Record<'lattice' | 'moons', (seed: number) => LabelPropagation>>,
  iterations: number,
  setting: string,
) {
  return defineClaim({
    name,
    tier,
    statement:
      'Exact updates on forests get nearer than on red-black blocks, and these nearer than on general blocks of n^(1/3) variables, at equal cost O(n).',
    paper: {
      figure: 'figure 6: tree blocks need far fewer iterations than red-black and than general blocks',
      setting: 'lattice 50 x 50 with 100 labels, two moons with 2000 points and 100 labels',
    },
    async measure(context) {
      return {
        ...(await relativeGaps('lattice', data.lattice(context.seed), iterations, context)),
        ...(await relativeGaps('moons', data.moons(context.seed), iterations, context)),
      };
    },
    figure: (m) =>
      `${['lattice', 'moons']
        .map(
          (prefix) =>
            `${prefix}: ${NAMES.map((rule) => `${rule} ${show(m[`${prefix}.${rule}`])}`).join(', ')}`,
        )
        .join('; ')} (relative gap after ${iterations} iterations, ${setting})`,
    judge: (m) =>
      judgeParts(
        ['lattice', 'moons'].flatMap((prefix) => {
          const of = (rule: string) => m[`${prefix}.${rule}`];
          return [
            {
              holds: Math.max(of('gsTree'), of('treePartitions'), of('randomTree')) < of('redBlack'),
              found: `${prefix}: red-black leaves ${show(of('redBlack') / Math.max(of('gsTree'), 1e-16))} times what the greedy forest leaves`,
            },
            {
              holds: of('redBlack') < of('general'),
              found: `${prefix}: general blocks leave ${show(of('general') / of('redBlack'))} times what red-black leaves`,
            },
          ];
        }),
      ),
  });
}

const COMB_SIDES = [32, 64, 128, 256];
const DENSE_SIDES = [12, 16, 22, 30];
/** Repetitions of a small measurement: the smallest time counts. */
const REPEATS = 15;

/** Section 4: the cost of an exact update, message passing against a dense factorisation, as exponents of the block's size. */
const linearCost = defineClaim({
  name: 'message-passing-cost',
  tier: 'quick',
  statement:
    'Message passing minimises over a forest in time proportional to the number of its variables, where a factorisation needs the cube.',
  paper: {
    figure: 'section 4: O(|b|) for forests against O(|b|^3) in general',
    setting: 'the comb of a lattice, theory',
  },
  async measure({ seed, services: { clock } }) {
    const smallest = (work: () => unknown) => {
      for (let k = 0; k < REPEATS; k++) work(); // the engine compiles
      let best = Number.POSITIVE_INFINITY;
      for (let k = 0; k < REPEATS; k++) {
        const start = clock.now();
        work();
        best = Math.min(best, clock.now() - start);
      }
      return best;
    };
    const combOf = (side: number) => {
      const { problem } = latticeData(side, side, side, seed);
      const { A, lattice } = problem.objective as QuadraticObjective;
      return { A, block: latticeCombs(lattice ?? { rows: side, columns: side })[0] };
    };
    const [sizes, forest]: [number[], number[]] = [[], []];
    for (const side of COMB_SIDES) {
      const { A, block } = combOf(side);
      if ('data' in A) continue;
      const ones = new Float64Array(block.length).fill(1);
      sizes.push(block.length);
      forest.push(smallest(() => factorForest(A, block).solve(ones)));
    }
    const [denseSizes, dense]: [number[], number[]] = [[], []];
    for (const side of DENSE_SIDES) {
      const { A, block } = combOf(side);
      if ('data' in A) continue;
      const n = block.length;
      const data = new Float64Array(n * n);
      const place = new Map([...block].map((i, j) => [i, j]));
      block.forEach((i, row) => {
        for (let k = A.rowPointers[i]; k < A.rowPointers[i + 1]; k++) {
          const column = place.get(A.columnIndices[k]);
          if (column !== undefined) data[row * n + column] = A.values[k];
        }
      });
      const ones = new Float64Array(n).fill(1);
      denseSizes.push(n);
      dense.push(smallest(() => factorBlock({ rows: n, cols: n, data }).solve(ones)));
    }
    return {
      'forest.exponent': fittedExponent(sizes, forest),
      'dense.exponent': fittedExponent(denseSizes, dense),
      'forest.variables': sizes[sizes.length - 1],
      'forest.milliseconds': forest[forest.length - 1],
      'dense.variables': denseSizes[denseSizes.length - 1],
      'dense.milliseconds': dense[dense.length - 1],
    };
  },
  figure: (m) =>
    `exponent ${m['forest.exponent'].toFixed(2)} for forests (theory 1): ${m['forest.variables']} variables in ${show(m['forest.milliseconds'])} ms; ` +
    `${m['dense.exponent'].toFixed(2)} for dense blocks (theory 3): ${m['dense.variables']} variables in ${show(m['dense.milliseconds'])} ms`,
  judge: (m) =>
    judgeParts([
      {
        holds: m['forest.exponent'] <= 1.35,
        found: `the time of message passing grows with the power ${m['forest.exponent'].toFixed(2)} of the block`,
      },
      {
        holds: m['dense.exponent'] >= m['forest.exponent'] + 0.7,
        found: `that of a dense factorisation with ${m['dense.exponent'].toFixed(2)} at these sizes`,
      },
    ]),
});

export default [
  forests(
    'forests',
    'quick',
    { lattice: (seed) => latticeData(20, 20, 16, seed), moons: (seed) => twoMoonsData(400, 20, seed) },
    100,
    '20 x 20 and 400 points',
  ),
  linearCost,
  forests(
    'forests-full',
    'full',
    { lattice: (seed) => latticeData(50, 50, 100, seed), moons: (seed) => twoMoonsData(2000, 100, seed) },
    200,
    '50 x 50 and 2000 points',
  ),
];
