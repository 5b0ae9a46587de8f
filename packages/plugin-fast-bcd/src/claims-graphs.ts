import {
  type ClaimContext,
  type ClaimTier,
  defineClaim,
  type Measurements,
  NumericalError,
} from '@espalier/core';
import { type CsrMatrix, createMatrix, type Matrix } from '@espalier/linalg';
import { factorPositive, solveFactored } from './block-solve.js';
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
const DENSE_SIDES = [8, 12, 16, 20];
/** Both ways must find the same minimiser, relative. */
const SAME = 1e-9;

/** Section 4: the cost of an exact update, message passing against a dense factorisation, as exponents of the block's size. */
const linearCost = defineClaim({
  name: 'message-passing-cost',
  tier: 'quick',
  statement:
    'Message passing minimises over a forest with work proportional to the number of its variables, where a factorisation that finds the same needs the cube.',
  paper: {
    figure: 'section 4: O(|b|) for forests against O(|b|^3) in general',
    setting: 'the comb of a lattice, theory',
  },
  async measure({ seed, services: { clock } }) {
    const timed = <T>(work: () => T): { readonly result: T; readonly milliseconds: number } => {
      const start = clock.now();
      return { result: work(), milliseconds: clock.now() - start };
    };
    const forests = COMB_SIDES.map((side) => {
      const { A, block } = combOf(side, seed);
      const ones = new Float64Array(block.length).fill(1);
      const { result, milliseconds } = timed(() => {
        const factor = factorForest(A, block);
        factor.solve(ones);
        return factor.work;
      });
      return { variables: block.length, work: result, milliseconds };
    });
    let difference = 0;
    const dense = DENSE_SIDES.map((side) => {
      const { A, block } = combOf(side, seed);
      const ones = new Float64Array(block.length).fill(1);
      const matrix = denseBlock(A, block);
      const { result, milliseconds } = timed(() => choleskySolve(matrix, ones));
      const passed = factorForest(A, block).solve(ones);
      difference = Math.max(difference, ...result.map((v, i) => Math.abs(v - passed[i]) / Math.abs(v)));
      return { variables: block.length, work: choleskyWork(block.length), milliseconds };
    });
    const exponent = (list: readonly { readonly variables: number; readonly work: number }[]) =>
      fittedExponent(
        list.map(({ variables }) => variables),
        list.map(({ work }) => work),
      );
    const [largest, largestDense] = [forests[forests.length - 1], dense[dense.length - 1]];
    return {
      'forest.exponent': exponent(forests),
      'dense.exponent': exponent(dense),
      'forest.variables': largest.variables,
      'forest.work': largest.work,
      'forest.milliseconds': largest.milliseconds,
      'dense.variables': largestDense.variables,
      'dense.work': largestDense.work,
      'dense.milliseconds': largestDense.milliseconds,
      difference,
    };
  },
  figure: (m) =>
    `exponent ${m['forest.exponent'].toFixed(2)} for forests (theory 1): ${m['forest.variables']} variables with ${m['forest.work']} entries read, ` +
    `multiply-adds and divisions (${show(m['forest.milliseconds'])} ms); ${m['dense.exponent'].toFixed(2)} for dense blocks (theory 3): ` +
    `${m['dense.variables']} variables with ${m['dense.work']} multiply-adds (${show(m['dense.milliseconds'])} ms)`,
  judge: (m) =>
    judgeParts([
      {
        holds: m['forest.exponent'] <= 1.05,
        found: `the work of message passing grows with the power ${m['forest.exponent'].toFixed(2)} of the block, ${show(m['forest.work'] / m['forest.variables'])} operations a variable`,
      },
      {
        holds: m['dense.exponent'] >= 2.5,
        found: `that of a dense factorisation with ${m['dense.exponent'].toFixed(2)}`,
      },
      {
        holds: m.difference <= SAME,
        found: `both find the same minimiser to ${m.difference.toExponential(0)}`,
      },
    ]),
});

/** The matrix of a square lattice and the larger of its two combs. */
function combOf(side: number, seed: number): { readonly A: CsrMatrix; readonly block: Int32Array } {
  const { A, lattice } = latticeData(side, side, side, seed).problem.objective as QuadraticObjective & {
    readonly A: CsrMatrix;
  };
  return { A, block: latticeCombs(lattice ?? { rows: side, columns: side })[0] };
}

function denseBlock(A: CsrMatrix, block: Int32Array): Matrix {
  const n = block.length;
  const matrix = createMatrix(n, n);
  const place = new Map([...block].map((i, j) => [i, j]));
  block.forEach((i, row) => {
    for (let k = A.rowPointers[i]; k < A.rowPointers[i + 1]; k++) {
      const column = place.get(A.columnIndices[k]);
      if (column !== undefined) matrix.data[row * n + column] = A.values[k];
    }
  });
  return matrix;
}

function choleskySolve(matrix: Matrix, right: Float64Array): Float64Array {
  const factor = factorPositive(matrix);
  if (!factor) throw new NumericalError('The block of a lattice is not positive definite.');
  return solveFactored(factor, right);
}

/** Multiply-adds of a dense Cholesky factorisation of n variables, column after column, and of two substitutions. */
function choleskyWork(n: number): number {
  let work = 0;
  for (let column = 0; column < n; column++) work += (n - column) * (column + 1) + 2 * (n - column);
  return work;
}

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
