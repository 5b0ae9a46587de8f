import { defineSolver, NumericalError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { z } from 'zod';
import { type Monitor, startMonitor } from './monitor.js';
import { type OptimalTransportProblem, optimalTransport } from './optimal-transport.js';
import { prepareTransport } from './transport.js';

/** An optimal assignment with the dual potentials that prove it. */
export interface Assignment {
  /** The column of each row. */
  readonly permutation: Int32Array;
  /** sum_i C_i,permutation(i). */
  readonly totalCost: number;
  /** u_i + v_j <= C_ij, with equality on the assignment. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/**
 * Linear assignment by shortest augmenting paths (Jonker and Volgenant 1987), O(n^3). +Infinity forbids a pair.
 * @throws NumericalError when the forbidden pairs leave no assignment
 */
export function solveAssignment(c: Matrix, monitor?: Monitor): Assignment {
  const n = c.rows;
  const u = new Float64Array(n);
  const v = new Float64Array(n);
  const columnOf = new Int32Array(n).fill(-1);
  const rowOf = new Int32Array(n).fill(-1);
  const distance = new Float64Array(n);
  const parent = new Int32Array(n);
  const done = new Uint8Array(n);
  for (let start = 0; start < n; start++) {
    monitor?.step('iteration', (n - start) / n, 0);
    // Dijkstra over the reduced costs C_ij - u_i - v_j from the free row `start` to a free column.
    distance.fill(Number.POSITIVE_INFINITY);
    done.fill(0);
    parent.fill(-1);
    let row = start;
    let reached = 0;
    let last = -1;
    while (last < 0) {
      let nearest = -1;
      for (let j = 0; j < n; j++) {
        if (done[j]) continue;
        const through = reached + c.data[row * n + j]! - u[row]! - v[j]!;
        if (through < distance[j]!) {
          distance[j] = through;
          parent[j] = row;
        }
        if (nearest < 0 || distance[j]! < distance[nearest]!) nearest = j;
      }
      if (nearest < 0 || distance[nearest] === Number.POSITIVE_INFINITY) {
        throw new NumericalError('The forbidden pairs leave no assignment.');
      }
      done[nearest] = 1;
      reached = distance[nearest]!;
      if (rowOf[nearest]! < 0) last = nearest;
      else row = rowOf[nearest]!;
    }
    u[start]! += reached;
    for (let j = 0; j < n; j++) {
      if (!done[j] || j === last) continue;
      u[rowOf[j]!]! += reached - distance[j]!;
      v[j]! -= reached - distance[j]!;
    }
    for (let j = last; j >= 0; ) {
      const i = parent[j]!;
      rowOf[j] = i;
      const previous = columnOf[i]!;
      columnOf[i] = j;
      j = i === start ? -1 : previous;
    }
  }
  let totalCost = 0;
  for (let i = 0; i < n; i++) totalCost += c.data[i * n + columnOf[i]!]!;
  return { permutation: columnOf, totalCost, u, v };
}

/**
 * Exact transport without regularisation where it is an assignment: n = m and uniform masses. A check for small problems; `eta`
 * plays no part in the plan.
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
  accepts: (problem) => {
    const { cost } = problem;
    const [n, m] =
      'matrix' in cost
        ? [cost.rows, cost.columns]
        : [cost.x.length / cost.dimension, cost.y.length / cost.dimension];
    if (n !== m) return `an assignment needs as many rows as columns; here ${n} and ${m}`;
    if (problem.tau !== undefined && problem.tau !== Number.POSITIVE_INFINITY)
      return 'an assignment is balanced: tau must be Infinity';
    return (uniform(problem.a) && uniform(problem.b)) || 'an assignment needs uniform masses';
  },
  create: (_options, services) => ({
    async solve(problem, run) {
      const accepted = exactAssignment.accepts?.(problem) ?? true;
      const t = prepareTransport(problem);
      if (accepted !== true) throw new NumericalError(`This is no assignment: ${accepted}.`);
      const monitor = startMonitor(run, services);
      const n = t.c.rows;
      const { permutation, totalCost, u, v } = solveAssignment(
        { rows: n, cols: n, data: t.c.data.slice() },
        monitor,
      );
      const mass = t.mass / n;
      const cost = totalCost * mass;
      const centre = u.reduce((s, value) => s + value, 0) / n;
      const entropy = t.mass * Math.log(mass);
      return {
        f: u.map((value) => value - centre),
        g: v.map((value) => value + centre),
        ...planOf(problem, permutation, mass),
        cost,
        regularizedCost: cost + entropy / t.eta,
        dual: cost,
        marginalError: 0,
        iterations: { ...monitor.iterations },
        density: [],
        converged: true,
        reason: 'converged',
        history: monitor.history,
        milliseconds: monitor.elapsedMs(),
      };
    },
  }),
});

function planOf(problem: OptimalTransportProblem, permutation: Int32Array, mass: number) {
  const n = permutation.length;
  if (problem.mode === 'potentials') return {};
  if (problem.planFormat === 'sparse') {
    const rowPointers = Int32Array.from({ length: n + 1 }, (_, i) => i);
    return {
      plan: {
        rows: n,
        cols: n,
        rowPointers,
        columnIndices: permutation,
        values: new Float64Array(n).fill(mass),
      },
    };
  }
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + permutation[i]!] = mass;
  return { plan: { rows: n, cols: n, data } };
}

function uniform(masses: Float64Array | undefined): boolean {
  return masses === undefined || masses.every((mass) => Math.abs(mass - masses[0]!) <= 1e-12 * masses[0]!);
}
