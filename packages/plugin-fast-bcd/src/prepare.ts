import { InvalidProblemError } from '@espalier/core';
import { type CsrMatrix, csrFromDense, type Matrix } from '@espalier/linalg';
import { assertObjective } from './check-objective.js';
import type { CompositeProblem, Objective } from './composite-minimization.js';
import { customModel } from './custom-model.js';
import { createDesign } from './design.js';
import { withL2 } from './l2-model.js';
import { linearModel, logisticLoss, squaredLoss } from './linear-model.js';
import { quadraticModel } from './quadratic-model.js';
import { createTerm, feasible, type Term } from './regularizer.js';
import type { SmoothModel } from './smooth-model.js';
import { softmaxModel } from './softmax-model.js';

/** A problem that has been checked, at its starting point. */
export interface PreparedProblem {
  readonly model: SmoothModel;
  readonly term: Term;
  readonly minimum: number | undefined;
  /** The largest entry of the gradient at the start (and at 0): what tolerances are relative to. */
  readonly scale: number;
}

/**
 * Checks a problem whole and brings it into the form that the solvers work on.
 * @throws InvalidProblemError that says what was given and what is allowed
 */
export function prepareProblem(problem: CompositeProblem): PreparedProblem {
  const { objective, regularizer, l2 = 0, x0, minimum } = problem;
  assertObjective(objective);
  if (!(typeof l2 === 'number' && l2 >= 0 && l2 < Number.POSITIVE_INFINITY)) {
    throw new InvalidProblemError(`l2 is a finite number >= 0; given ${String(l2)}.`);
  }
  if (minimum !== undefined && !Number.isFinite(minimum)) {
    throw new InvalidProblemError(`minimum is a finite number; given ${String(minimum)}.`);
  }
  const n = variablesOf(objective);
  const term = createTerm(regularizer, n);
  if (x0 !== undefined && !(x0 instanceof Float64Array && x0.length === n && x0.every(Number.isFinite))) {
    throw new InvalidProblemError(`x0 is a Float64Array of ${n} finite numbers.`);
  }
  const model = withL2(createModel(objective), l2);
  model.moveTo(feasible(term, new Float64Array(n)));
  let scale = largestEntryOf(model.gradient());
  if (x0) {
    model.moveTo(feasible(term, x0));
    scale = Math.max(scale, largestEntryOf(model.gradient()));
  }
  return { model, term, minimum, scale };
}

function largestEntryOf(values: Float64Array): number {
  return values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
}

/** Number of variables of an objective that has been checked. */
export function variablesOf(objective: Objective): number {
  switch (objective.kind) {
    case 'custom':
      return objective.n;
    case 'softmax':
      return objective.A.cols * objective.classes;
    default:
      return objective.A.cols;
  }
}

function createModel(objective: Objective): SmoothModel {
  switch (objective.kind) {
    case 'least-squares':
      return linearModel(createDesign(objective.A), squaredLoss(objective.y));
    case 'logistic':
      return linearModel(createDesign(objective.A), logisticLoss(objective.y));
    case 'softmax':
      return softmaxModel(createDesign(objective.A), objective.labels, objective.classes);
    case 'quadratic':
      return quadraticModel(sparse(objective.A), objective.b, objective.lattice);
    case 'custom':
      return customModel(objective);
  }
}

function sparse(A: Matrix | CsrMatrix): CsrMatrix {
  return 'data' in A ? csrFromDense(A) : A;
}
