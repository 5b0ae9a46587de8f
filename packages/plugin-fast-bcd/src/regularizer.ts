import { InvalidProblemError } from '@espalier/core';
import type { Regularizer } from './composite-minimization.js';
import { clamp, isFixed, type Separable, shortestSubgradient, termChange, termValue } from './separable.js';
import { projectToSimplex } from './simplex.js';

/** The regularizer as the rules see it: a separable term, and for a simplex the sum that x must keep. */
export interface Term {
  readonly separable: Separable;
  /** The sum of x on a simplex; undefined for separable terms. */
  readonly total: number | undefined;
}

/** @throws InvalidProblemError for a kind, weight or bounds that do not fit n variables */
export function createTerm(regularizer: Regularizer | undefined, n: number): Term {
  const free = () => boundsOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, n);
  switch (regularizer?.kind ?? 'none') {
    case 'none':
      return { separable: { ...free(), absent: true }, total: undefined };
    case 'l1': {
      const { weight } = regularizer as Regularizer & { kind: 'l1' };
      assertAtLeastZero('weight of the l1 regularizer', weight);
      return { separable: { ...free(), weight, absent: weight === 0 }, total: undefined };
    }
    case 'non-negative': {
      const { weight = 0 } = regularizer as Regularizer & { kind: 'non-negative' };
      assertAtLeastZero('weight of the non-negative regularizer', weight);
      return { separable: boundsOf(0, Number.POSITIVE_INFINITY, weight, n), total: undefined };
    }
    case 'box': {
      const { lower, upper } = regularizer as Regularizer & { kind: 'box' };
      return { separable: boundsOf(lower, upper, 0, n), total: undefined };
    }
    case 'simplex': {
      const { total = 1 } = regularizer as Regularizer & { kind: 'simplex' };
      if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
        throw new InvalidProblemError(
          `The total of a simplex is a positive finite number; given ${String(total)}.`,
        );
      }
      return { separable: boundsOf(0, Number.POSITIVE_INFINITY, 0, n), total };
    }
    default:
      throw new InvalidProblemError(
        `The regularizer's kind is '${String(regularizer?.kind)}'; allowed: none, l1, non-negative, box, simplex.`,
      );
  }
}

function assertAtLeastZero(name: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return;
  throw new InvalidProblemError(`The ${name} is a finite number >= 0; given ${String(value)}.`);
}

function boundsOf(
  lower: number | Float64Array,
  upper: number | Float64Array,
  weight: number,
  n: number,
): Separable {
  const spread = (name: string, bound: number | Float64Array): Float64Array => {
    if (typeof bound === 'number') return new Float64Array(n).fill(bound);
    if (bound instanceof Float64Array && bound.length === n) return bound.slice();
    throw new InvalidProblemError(
      `The ${name} bound is a number or a Float64Array of ${n} numbers; given ${describe(bound)}.`,
    );
  };
  const [low, high] = [spread('lower', lower), spread('upper', upper)];
  for (let i = 0; i < n; i++) {
    if (low[i] <= high[i] && low[i] < Number.POSITIVE_INFINITY && high[i] > Number.NEGATIVE_INFINITY)
      continue;
    throw new InvalidProblemError(
      `The bounds of variable ${i} are ${low[i]} and ${high[i]}: no number lies between them.`,
    );
  }
  return { weight, lower: low, upper: high, absent: false };
}

function describe(value: unknown): string {
  return ArrayBuffer.isView(value) ? `one of ${(value as Float64Array).length}` : String(value);
}

/** x brought into the feasible set. */
export function feasible({ separable, total }: Term, x: Float64Array): Float64Array {
  return total === undefined ? x.map((v, i) => clamp(separable, i, v)) : projectToSimplex(x, total);
}

/** r(x). */
export function regularizerValue({ separable }: Term, x: Float64Array): number {
  return termValue(separable, x);
}

/** r(x + step) - r(x), the step on a block. */
export function regularizerChange(
  { separable }: Term,
  x: Float64Array,
  block: Int32Array,
  step: Float64Array,
): number {
  return termChange(separable, x, block, step);
}

/** Entry by entry how F can improve: the shortest subgradient; the gradient itself where there is no term. */
export function improvement({ separable }: Term, x: Float64Array, g: Float64Array): Float64Array {
  if (separable.absent) return g;
  const s = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) s[i] = shortestSubgradient(separable, i, x[i], g[i]);
  return s;
}

/** 0 at a minimum: the largest entry of the shortest subgradient; on a simplex the spread of the gradient over x_i > 0. */
export function optimalityOf(term: Term, x: Float64Array, g: Float64Array): number {
  if (term.total !== undefined) return simplexGap(x, g);
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const s = term.separable.absent ? g[i] : shortestSubgradient(term.separable, i, x[i], g[i]);
    largest = Math.max(largest, Math.abs(s));
  }
  return largest;
}

function simplexGap(x: Float64Array, g: Float64Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < x.length; i++) {
    least = Math.min(least, g[i]);
    if (x[i] > 0) most = Math.max(most, g[i]);
  }
  return Math.max(0, most - least);
}

/** Whether entry i stands at a bound or kink. */
export function isAtKink({ separable }: Term, i: number, value: number): boolean {
  return !separable.absent && isFixed(separable, i, value);
}

/** The part of r that belongs to one block, for the block's own minimisation. */
export function blockTerm({ separable, total }: Term, block: Int32Array): BlockTerm {
  return {
    weight: separable.weight,
    lower: Float64Array.from(block, (i) => separable.lower[i]),
    upper: Float64Array.from(block, (i) => separable.upper[i]),
    absent: false,
    keepsSum: total !== undefined,
  };
}

/** A separable term on the entries of a block, and whether their sum must stay what it is. */
export interface BlockTerm extends Separable {
  readonly keepsSum: boolean;
}
