import {
  createMatrix,
  createWorkspace,
  expAffineSums,
  gemv,
  gemvTransposed,
  type Matrix,
} from '@espalier/linalg';
import { marginalTerm, targetMass } from './dual-potential.js';
import { logSweepInPlace } from './log-sweep.js';
import type { Monitor } from './monitor.js';
import type { Transport } from './transport.js';

/** Scalings outside of exp(-100) .. exp(100) are absorbed into the potentials before they overflow. */
const LARGEST = Math.exp(100);
const ABSORB_EVERY = 50;

/** How a stretch of scaling ended. */
export type ScalingEnd = 'converged' | 'iteration limit' | 'time limit';

/**
 * Sinkhorn sweeps by scaling K = exp(eta (x + y - C) - 1) with u and v, until the L1 marginal error is at most `tolerance` times the
 * mass; potentials are changed in place. With tau the scaling is damped: u = (r exp(-x / tau) / K v)^(eta / (eta + 1/tau)).
 */
export async function scaleInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  { tolerance, maxSweeps }: { readonly tolerance: number; readonly maxSweeps: number },
  monitor: Monitor,
): Promise<ScalingEnd> {
  if (maxSweeps === 0) return 'iteration limit';
  // Sane potentials first: exp(-eta C) alone would underflow.
  const { rowError, value } = logSweepInPlace(t, x, y);
  monitor.step('sweep', rowError, value);
  const scaling = startScaling(t, x, y);
  for (let sweep = 1; ; sweep++) {
    const { error, dual } = scaling.measure();
    const end = endOf(error <= tolerance * t.mass, sweep >= maxSweeps, monitor.expired());
    if (end) {
      scaling.absorb();
      return end;
    }
    monitor.step('sweep', error, dual);
    if (!scaling.sweep()) {
      // Too large to go on with: what is usable is absorbed, and the log domain does this sweep over.
      scaling.absorb();
      logSweepInPlace(t, x, y);
      scaling.restart();
    } else if (sweep % ABSORB_EVERY === 0) scaling.absorb();
    await monitor.turn();
  }
}

function endOf(converged: boolean, sweepsUsedUp: boolean, expired: boolean): ScalingEnd | undefined {
  if (converged) return 'converged';
  if (sweepsUsedUp) return 'iteration limit';
  return expired ? 'time limit' : undefined;
}

/** Scalings of one kernel matrix. The columns are exact after every sweep. */
interface Scaling {
  /** L1 error of the rows, which is the whole error, and the dual value; K v is known afterwards. */
  measure(): { readonly error: number; readonly dual: number };
  /** One sweep from the K v of `measure`; false when a scaling left its range. */
  sweep(): boolean;
  /** Moves the scalings into the potentials. */
  absorb(): void;
  /** A new kernel matrix from potentials that were changed outside. */
  restart(): void;
}

function startScaling(t: Transport, x: Float64Array, y: Float64Array): Scaling {
  const { a, b, eta, tau } = t;
  const [n, m] = [a.length, b.length];
  const space = t.workspace && createWorkspace(8 * (n * m + 2 * (n + m)) + 320);
  const vector = (length: number) => space?.allocate(length) ?? new Float64Array(length);
  const k: Matrix = space?.allocateMatrix(n, m) ?? createMatrix(n, m);
  const [u, kv] = [vector(n), vector(n)];
  const [v, ktu] = [vector(m), vector(m)];
  const damping = eta / (eta + 1 / tau);
  let targetsA = a;
  let targetsB = b;
  const update = (scaling: Float64Array, targets: Float64Array, sums: Float64Array): boolean => {
    let inRange = true;
    for (let i = 0; i < scaling.length; i++) {
      const ratio = targets[i]! / sums[i]!;
      const value = damping === 1 ? ratio : ratio ** damping;
      scaling[i] = value;
      if (!(value < LARGEST && value > 1 / LARGEST)) inRange = false;
    }
    return inRange;
  };
  const result: Scaling = {
    restart() {
      expAffineSums({ c: t.c, x, y, scale: eta, shift: -1 }, { values: k.data });
      u.fill(1);
      v.fill(1);
      targetsA = a.map((r, i) => targetMass(r, x[i]!, tau));
      targetsB = b.map((c, j) => targetMass(c, y[j]!, tau));
    },
    absorb() {
      absorbInPlace(x, u, eta);
      absorbInPlace(y, v, eta);
      result.restart();
    },
    measure() {
      gemv(k, v, { out: kv });
      const potentialsX = x.map((value, i) => value + Math.log(u[i]!) / eta);
      const potentialsY = y.map((value, j) => value + Math.log(v[j]!) / eta);
      let error = 0;
      let total = 0;
      for (let i = 0; i < n; i++) {
        const rowSum = u[i]! * kv[i]!;
        error += Math.abs(targetMass(a[i]!, potentialsX[i]!, tau) - rowSum);
        total += rowSum;
      }
      const dual = marginalTerm(a, potentialsX, tau) + marginalTerm(b, potentialsY, tau) - total / eta;
      return { error, dual };
    },
    sweep() {
      if (!update(u, targetsA, kv)) return false;
      gemvTransposed(k, u, { out: ktu });
      return update(v, targetsB, ktu);
    },
  };
  result.restart();
  return result;
}

/** A scaling that over- or underflowed counts as 1: nothing of it can be absorbed. */
function absorbInPlace(potentials: Float64Array, scaling: Float64Array, eta: number): void {
  for (let i = 0; i < potentials.length; i++) {
    const value = scaling[i]!;
    if (value > 0 && Number.isFinite(value)) potentials[i]! += Math.log(value) / eta;
  }
}
