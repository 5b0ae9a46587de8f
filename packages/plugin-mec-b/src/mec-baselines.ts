import { defineSolver, startRun, UnsupportedError } from '@espalier/core';
import { csrFromTriplets } from '@espalier/linalg';
import { z } from 'zod';
import { cellsToCsr } from './cells.js';
import { coupleExactly } from './exact-coupling.js';
import {
  couplingSolution,
  type MinimumEntropyCouplingProblem,
  minimumEntropyCoupling,
  prepareCoupling,
} from './minimum-entropy-coupling.js';
import { runOneStep } from './one-step-run.js';
import { MEC_B_PAPER } from './paper.js';
import { coupleBySuccessiveLinearization } from './successive-linearization.js';

/** Cells that a dense coupling may have: 128 MB. */
const MOST_CELLS = 2 ** 24;
/** Cells of a problem of successive linearisation: each pivot reads them all. */
const MOST_LINEAR_CELLS = 40_000;
/** Symbols a side of the exact search. */
const MOST_EXACT = 4;

function acceptsCells({ px, py }: MinimumEntropyCouplingProblem, most: number): true | string {
  return (
    px.length * py.length <= most ||
    `It works on all pairs, at most ${most}; there are ${px.length} x ${py.length}.`
  );
}

/** @throws UnsupportedError with the reason why a problem is not accepted */
function refuseUnless(accepted: true | string): void {
  if (accepted !== true)
    throw new UnsupportedError(accepted, { remedy: "Take 'mec', which has no such limit." });
}

const countPositive = (p: Float64Array) => p.reduce((count, mass) => count + (mass > 0 ? 1 : 0), 0);

/** The coupling p q^T: no information, the most joint entropy. */
export const mecIndependent = defineSolver({
  name: 'mec-independent',
  summary: 'The independent coupling p q^T.',
  solves: minimumEntropyCoupling,
  options: z.strictObject({}),
  examples: { default: {} },
  accepts: (problem) => acceptsCells(problem, MOST_CELLS),
  create: (_options, services) => ({
    async solve(problem, run) {
      const { px, py } = prepareCoupling(problem);
      refuseUnless(acceptsCells(problem, MOST_CELLS));
      const work = () => couplingSolution(px, py, outerProduct(px, py));
      return runOneStep(run, services, work, ({ jointEntropy }) => jointEntropy);
    },
  }),
});

function outerProduct(px: Float64Array, py: Float64Array) {
  const [n, m] = [px.length, py.length];
  const [rows, columns, values] = [new Int32Array(n * m), new Int32Array(n * m), new Float64Array(n * m)];
  let count = 0;
  for (let x = 0; x < n; x++) {
    for (let y = 0; y < m; y++) {
      const mass = px[x]! * py[y]!;
      if (mass <= 0) continue;
      rows[count] = x;
      columns[count] = y;
      values[count++] = mass;
    }
  }
  return csrFromTriplets(
    n,
    m,
    rows.subarray(0, count),
    columns.subarray(0, count),
    values.subarray(0, count),
  );
}

/** Descent by linear programmes over the transportation polytope, from a random start: the baseline that the paper calls SLA. */
export const mecSla = defineSolver({
  name: 'mec-sla',
  summary:
    'Successive linearisation: linear programmes over the transportation polytope until the entropy stays.',
  solves: minimumEntropyCoupling,
  paper: MEC_B_PAPER,
  options: z.strictObject({
    maxIterations: z.int().min(1).default(100).describe('Most linear programmes that are solved.'),
  }),
  examples: { default: {} },
  accepts: (problem) => acceptsCells(problem, MOST_LINEAR_CELLS),
  create: ({ maxIterations }, services) => ({
    async solve(problem, run) {
      const { px, py } = prepareCoupling(problem);
      refuseUnless(acceptsCells(problem, MOST_LINEAR_CELLS));
      const state = startRun(run, services.clock);
      const [rows, columns] = [positiveIndices(px), positiveIndices(py)];
      const vertex = coupleBySuccessiveLinearization(
        Float64Array.from(rows, (x) => px[x]!),
        Float64Array.from(columns, (y) => py[y]!),
        maxIterations,
        services.random(run?.seed),
        state,
      );
      const kept = positiveIndices(vertex.data);
      const coupling = csrFromTriplets(
        px.length,
        py.length,
        Int32Array.from(kept, (k) => rows[Math.floor(k / vertex.cols)]!),
        Int32Array.from(kept, (k) => columns[k % vertex.cols]!),
        Float64Array.from(kept, (k) => vertex.data[k]!),
      );
      return couplingSolution(px, py, coupling);
    },
  }),
});

function positiveIndices(values: Float64Array): Int32Array {
  const indices = new Int32Array(countPositive(values));
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > 0) indices[count++] = i;
  return indices;
}

/** The optimum, by trying every order of filling cells: for tests and tiny tables. */
export const mecExact = defineSolver({
  name: 'mec-exact',
  summary: `The coupling of least entropy by enumeration, for up to ${MOST_EXACT} x ${MOST_EXACT} symbols.`,
  solves: minimumEntropyCoupling,
  options: z.strictObject({}),
  examples: { default: {} },
  accepts: acceptsExact,
  create: (_options, services) => ({
    async solve(problem, run) {
      const { px, py } = prepareCoupling(problem);
      refuseUnless(acceptsExact(problem));
      const work = () => couplingSolution(px, py, cellsToCsr(px.length, py.length, coupleExactly(px, py)));
      return runOneStep(run, services, work, ({ jointEntropy }) => jointEntropy);
    },
  }),
});

function acceptsExact({ px, py }: MinimumEntropyCouplingProblem): true | string {
  const [n, m] = [countPositive(px), countPositive(py)];
  return (
    Math.max(n, m) <= MOST_EXACT ||
    `Enumeration takes up to ${MOST_EXACT} symbols of positive probability a side; there are ${n} and ${m}.`
  );
}
