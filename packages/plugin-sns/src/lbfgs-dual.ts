import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { type DualPoint, evaluateDual, gradientHalf } from './dual-potential.js';
import { searchLine } from './line-search.js';
import { startMonitor } from './monitor.js';
import { optimalTransport } from './optimal-transport.js';
import { assembleSolution } from './solution.js';
import { prepareTransport, type Transport } from './transport.js';
import { warmUpInPlace } from './warm-up.js';

/** A pair of the limited memory: change of the point, change of the (negative) gradient. */
interface Correction {
  readonly s: Float64Array;
  readonly u: Float64Array;
  /** 1 / (u . s) */
  readonly rho: number;
}

/**
 * L-BFGS on the dual (Liu and Nocedal 1989) from a few Sinkhorn sweeps: the quasi-Newton method that the reviewers of the paper asked
 * for.
 */
export const lbfgsDual = defineSolver({
  name: 'lbfgs-dual',
  summary: 'Limited-memory quasi-Newton steps on the dual.',
  solves: optimalTransport,
  paper: {
    title: 'On the limited memory BFGS method for large scale optimization',
    authors: 'D. C. Liu, J. Nocedal',
    doi: '10.1007/BF01589116',
    year: 1989,
  },
  options: z.strictObject({
    tolerance: z.number().positive().default(1e-9).describe('L1 marginal error, relative to the total mass.'),
    maxSinkhorn: z.int().min(0).default(20).describe('Sinkhorn sweeps before the first step.'),
    maxIterations: z.int().min(0).default(3_000).describe('Most steps.'),
    memory: z.int().min(1).default(10).describe('Corrections that are kept.'),
  }),
  examples: { default: {} },
  create: ({ tolerance, maxSinkhorn, maxIterations, memory }, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const [x, y] = [t.x0.slice(), t.y0.slice()];
      await warmUpInPlace(t, x, y, { sweeps: maxSinkhorn, rule: 'fixed' }, tolerance * t.mass, monitor);
      let point = evaluateDual(t, x, y);
      let gradient = gradientOf(t, point);
      let corrections: Correction[] = [];
      let steps = 0;
      const ended = () => {
        if (point.error <= tolerance * t.mass) return 'converged';
        if (steps >= maxIterations) return 'iteration limit';
        return monitor.expired() ? 'time limit' : undefined;
      };
      let reason: string | undefined = ended();
      while (!reason) {
        const direction = ascentDirection(gradient, corrections, t);
        const n = point.x.length;
        const dz = { dx: direction.subarray(0, n), dy: direction.subarray(n) };
        const rise = product(gradient, direction);
        const found = rise > 0 ? searchLine(t, point, dz, rise, 'expanding') : undefined;
        if (!found) {
          if (corrections.length === 0) reason = 'line search failed';
          corrections = []; // start over with the scaled gradient
          continue;
        }
        const next = gradientOf(t, found.point);
        const s = direction.map((d) => found.alpha * d);
        const u = gradient.map((g, i) => g - next[i]!); // the dual is concave: u . s > 0 but for rounding
        const curvature = product(u, s);
        if (curvature > 1e-14 * Math.sqrt(product(u, u) * product(s, s))) {
          corrections = [...corrections, { s, u, rho: 1 / curvature }].slice(-memory);
        }
        point = found.point;
        gradient = next;
        steps++;
        monitor.step('iteration', point.error, point.value);
        await monitor.turn();
        reason = ended();
      }
      return assembleSolution(problem, t, point.x, point.y, monitor, reason);
    },
  }),
});

function gradientOf(t: Transport, { x, y, rowSums, colSums }: DualPoint): Float64Array {
  const gradient = new Float64Array(x.length + y.length);
  gradient.set(gradientHalf(t.a, x, rowSums, t.tau));
  gradient.set(gradientHalf(t.b, y, colSums, t.tau), x.length);
  return gradient;
}

/** The two-loop recursion; the first scaling is the inverse of the Hessian's diagonal, eta (r, c). */
function ascentDirection(
  gradient: Float64Array,
  corrections: readonly Correction[],
  t: Transport,
): Float64Array {
  const q = gradient.slice();
  const weights: number[] = [];
  for (const { s, u, rho } of corrections.toReversed()) {
    const weight = rho * product(s, q);
    weights.unshift(weight);
    addInPlace(q, -weight, u);
  }
  const n = t.a.length;
  for (let i = 0; i < q.length; i++) q[i]! /= t.eta * (i < n ? t.a[i]! : t.b[i - n]!);
  for (const [k, { s, u, rho }] of corrections.entries()) addInPlace(q, weights[k]! - rho * product(u, q), s);
  return q;
}

function product(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function addInPlace(target: Float64Array, factor: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
