import { InvalidProblemError } from '@espalier/core';
import type { CompositeProblem } from './composite-minimization.js';
import { prepareProblem } from './prepare.js';
import { feasible, regularizerValue } from './regularizer.js';

/** F at a point, computed from the problem alone, and how far the point is from the feasible set (largest entry). */
export interface CompositeValue {
  readonly value: number;
  readonly violation: number;
}

/** @throws InvalidProblemError for a point of another length, or with numbers that are not finite */
export function compositeValue(problem: CompositeProblem, x: Float64Array): CompositeValue {
  const { model, term } = prepareProblem({ ...problem, x0: new Float64Array(x.length) });
  if (!x.every(Number.isFinite))
    throw new InvalidProblemError('The point holds numbers that are not finite.');
  model.moveTo(x);
  const nearest = feasible(term, x);
  return {
    value: model.value() + regularizerValue(term, x),
    violation: x.reduce((largest, v, i) => Math.max(largest, Math.abs(v - nearest[i])), 0),
  };
}
