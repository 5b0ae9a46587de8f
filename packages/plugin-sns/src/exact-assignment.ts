import { defineSolver, NumericalError, UnsupportedError } from '@espalier/core';
import { type CsrMatrix, createMatrix, type Matrix } from '@espalier/linalg';
import { z } from 'zod';
import { costSize } from './cost.js';
import { evaluateDual } from './dual-potential.js';
import { type Monitor, startMonitor } from './monitor.js';
import { type OptimalTransportProblem, optimalTransport } from './optimal-transport.js';
import { fullPotentials } from './potentials.js';
import { augment, type PartialAssignment } from './shortest-augmenting-paths.js';
import { prepareTransport, sum, type Transport } from './transport.js';

/**
 * Exact transport without regularisation where it is an assignment: n = m and uniform masses. A check for small problems. `eta` plays
 * no part in the plan, so that the plan is a permutation and not what the potentials define; the `dual` is that of the regularised
 * problem at the exact potentials. At the time limit free rows get free columns as they come: feasible, not optimal.
 * @throws UnsupportedError for other sizes or masses, or unbalanced problems
 */
export const exactAssignment = defineSolver({
  name: 'exact-assignment',
  summary: 'Exact assignment by shortest augmenting paths, for uniform masses.',
  solves: optimalTransport,
  paper: {
    title: 'A shortest augmenting path algorithm for dense and sparse linear assignment problems',
    authors: 'R. Jonker, A. Volgenant',
    doi: '10.1007/BF02278710',
    year: 1987,
  },
  options: z.strictObject({}),
  examples: { default: {} },
  accepts,
  create: (_options, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const accepted = accepts(problem);
      if (accepted !== true) throw new UnsupportedError(`This is no assignment: ${accepted}.`);
      const monitor = startMonitor(run, services);
      const { assignment, reason } = await assign(t, monitor);
      const n = t.c.rows;
      const mass = t.mass / n;
      let cost = 0;
      for (let i = 0; i < n; i++) cost += t.c.data[i * n + assignment.columnOf[i]!]! * mass;
      // Of the regularised problem the exact potentials are a dual point too, shifted by the 1 of exp(. - 1) and the entropy.
      const shift = (1 + Math.log(mass)) / t.eta;
      const x = assignment.u.map((value) => value + shift);
      return {
        ...fullPotentials(t, x, assignment.v),
        ...planOf(problem, assignment.columnOf, mass),
        cost,
        regularizedCost: cost + (t.mass * Math.log(mass)) / t.eta,
        dual: evaluateDual(t, x, assignment.v).value,
        marginalError: 0,
        iterations: { ...monitor.iterations },
        density: [],
        converged: reason === 'converged',
        reason,
        history: monitor.history,
        milliseconds: monitor.elapsedMs(),
      };
    },
  }),
});

/** Whether the problem is an assignment, or why not. */
function accepts(problem: OptimalTransportProblem): true | string {
  const [n, m] = costSize(problem.cost);
  if (n !== m) return `an assignment needs as many rows as columns; here ${n} and ${m}`;
  if (problem.tau !== undefined && problem.tau !== Number.POSITIVE_INFINITY)
    return 'an assignment is balanced: tau must be Infinity';
  return (uniform(problem.a) && uniform(problem.b)) || 'an assignment needs uniform masses';
}

function uniform(masses: Float64Array | undefined): boolean {
  return masses === undefined || masses.every((mass) => Math.abs(mass - masses[0]!) <= 1e-12 * masses[0]!);
}

/** Works row by row; the error reported is the mass that has no place yet, on both sides. */
async function assign(
  t: Transport,
  monitor: Monitor,
): Promise<{ assignment: Pick<PartialAssignment, 'columnOf' | 'u' | 'v'>; reason: string }> {
  const n = t.c.rows;
  const augmentations = augment(t.c);
  for (let row = 0; ; row++) {
    const step = augmentations.next();
    if (step.done) {
      const { permutation, u, v } = step.value;
      return { assignment: { columnOf: permutation, u, v }, reason: 'converged' };
    }
    if (monitor.expired()) return { assignment: completed(t.c, step.value), reason: 'time limit' };
    const { u, v } = step.value;
    monitor.step('iteration', (2 * t.mass * (n - row)) / n, ((sum(u) + sum(v)) * t.mass) / n);
    await monitor.turn();
  }
}

/** Gives free rows the cheapest free columns, one after the other. */
function completed(c: Matrix, partial: PartialAssignment): PartialAssignment {
  const columnOf = partial.columnOf.slice();
  const free = new Set([...partial.rowOf.keys()].filter((j) => partial.rowOf[j]! < 0));
  for (let i = 0; i < c.rows; i++) {
    if (columnOf[i]! >= 0) continue;
    const best = [...free].reduce((p, q) => (c.data[i * c.cols + q]! < c.data[i * c.cols + p]! ? q : p));
    if (c.data[i * c.cols + best] === Number.POSITIVE_INFINITY)
      throw new NumericalError('The time is up, and the free rows have forbidden pairs only.');
    columnOf[i] = best;
    free.delete(best);
  }
  return { ...partial, columnOf };
}

function planOf(
  problem: OptimalTransportProblem,
  permutation: Int32Array,
  mass: number,
): { readonly plan?: Matrix | CsrMatrix } {
  const n = permutation.length;
  if (problem.mode === 'potentials') return {};
  if (problem.planFormat === 'sparse') {
    const rowPointers = Int32Array.from({ length: n + 1 }, (_, i) => i);
    const values = new Float64Array(n).fill(mass);
    return { plan: { rows: n, cols: n, rowPointers, columnIndices: permutation.slice(), values } };
  }
  const plan = createMatrix(n, n);
  for (let i = 0; i < n; i++) plan.data[i * n + permutation[i]!] = mass;
  return { plan };
}
