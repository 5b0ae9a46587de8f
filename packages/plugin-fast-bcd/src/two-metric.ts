import { UnsupportedError } from '@espalier/core';
import type { Chosen } from './block-constants.js';
import { factorBlock } from './block-solve.js';
import { flaggedIndices } from './flagged-indices.js';
import { searchAlong } from './newton-step.js';
import type { Separable } from './separable.js';
import type { StepContext } from './step-context.js';

/** Nearer to a bound than this, an entry that is pushed against it counts as active (reference code). */
const ACTIVE_DISTANCE = 1e-4;

/**
 * Two-metric projection (TMP): a gradient step on the active entries of the block, a Newton step on the others, both projected, the
 * step length searched along the projection arc. An l1 norm is split into x+ and x-: each entry moves on the side of 0 where it stands,
 * one at 0 on the side to which it descends.
 */
export function twoMetricStep(
  { block }: Chosen,
  g: Float64Array,
  { model, term }: StepContext,
): Float64Array | undefined {
  if (term.total !== undefined) {
    throw new UnsupportedError("The update 'two-metric' projects onto bounds; a simplex has none.", {
      remedy: "Use 'projected-newton' or 'gradient'.",
    });
  }
  const { weight, lower, upper } = term.separable;
  const n = block.length;
  const own = Float64Array.from(block, (i) => model.x[i]);
  const slope = new Float64Array(n);
  const [low, high] = [new Float64Array(n), new Float64Array(n)];
  const isActive = new Uint8Array(n);
  const work: number[] = [];
  for (let j = 0; j < n; j++) {
    const i = block[j];
    const side = sideOf(term.separable, i, own[j], g[j]);
    slope[j] = g[j] + side * weight;
    low[j] = weight > 0 && side >= 0 ? Math.max(0, lower[i]) : lower[i];
    high[j] = weight > 0 && side <= 0 ? Math.min(0, upper[i]) : upper[i];
    const pushedDown = own[j] - low[j] < ACTIVE_DISTANCE && slope[j] > 0;
    const pushedUp = high[j] - own[j] < ACTIVE_DISTANCE && slope[j] < 0;
    if (pushedDown || pushedUp || (weight > 0 && side === 0)) isActive[j] = 1;
    else work.push(j);
  }
  const direction = new Float64Array(n);
  const active = flaggedIndices(isActive);
  const lipschitz = active.reduce((sum, j) => sum + model.lipschitz[block[j]], 0);
  for (const j of active) if (lipschitz > 0) direction[j] = -slope[j] / lipschitz;
  if (work.length > 0) {
    const H = model.hessian(Int32Array.from(work, (j) => block[j]));
    const newton = factorBlock(H).solve(Float64Array.from(work, (j) => -slope[j]));
    work.forEach((j, k) => {
      direction[j] = newton[k];
    });
  }
  const arc = (alpha: number) =>
    direction.map((u, j) => Math.min(high[j], Math.max(low[j], own[j] + alpha * u)) - own[j]);
  // The slope that the reference code searches with: of the unprojected direction, its active part divided by the constants once more.
  const descent = direction.reduce(
    (sum, u, j) => sum + (slope[j] * u) / (isActive[j] === 1 ? lipschitz : 1),
    0,
  );
  // At a minimum over the block.
  if (!(descent < 0)) return new Float64Array(n);
  return searchAlong(model, term, block, descent, arc);
}

/** The piece of r to move in: the sign of x, at 0 the side to which F descends, 0 where it descends to neither. */
function sideOf({ weight, lower, upper }: Separable, i: number, x: number, g: number): -1 | 0 | 1 {
  if (weight === 0) return 0;
  if (x > 0 || lower[i] >= 0) return 1;
  if (x < 0 || upper[i] <= 0) return -1;
  if (g + weight < 0) return 1;
  return g - weight > 0 ? -1 : 0;
}
