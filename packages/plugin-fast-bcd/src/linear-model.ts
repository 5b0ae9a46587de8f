import { dot, type Matrix } from '@espalier/linalg';
import { type Design, designTimes, gramRowSums } from './design.js';
import { cachedGram } from './gram-cache.js';
import type { SmoothModel } from './smooth-model.js';

/** A loss of the margins z = A x - target, one margin a row. */
export interface MarginLoss {
  /** Default 0. */
  readonly target?: Float64Array;
  /** Upper bound of the second derivative: 1 for squares, 1/4 for the logistic loss. */
  readonly curvature: number;
  /** Whether it is 0.5 ||z||^2. */
  readonly quadratic: boolean;
  /** sum over rows. */
  value(z: Float64Array): number;
  /** The derivative in each margin. */
  derivative(z: Float64Array, out: Float64Array): void;
  /** The second derivative in each margin. */
  secondDerivative(z: Float64Array): Float64Array;
}

/** loss(A x). The margins are kept; a step on a block costs its columns. */
export function linearModel(design: Design, loss: MarginLoss): SmoothModel {
  const { rows, cols: n } = design;
  const { curvature, quadratic, target } = loss;
  const x = new Float64Array(n);
  /** A x - target. */
  const z = new Float64Array(rows);
  const trial = new Float64Array(rows);
  // The derivative of squares is the residual itself.
  const derivative = quadratic ? z : new Float64Array(rows);
  const gradient = new Float64Array(n);
  /** What still holds at the present point. */
  let known: { value?: number; derivative: boolean; gradient: boolean } = {
    derivative: false,
    gradient: false,
  };
  const changed = () => {
    known = { derivative: false, gradient: false };
  };
  const refreshDerivative = () => {
    if (!known.derivative && !quadratic) loss.derivative(z, derivative);
    known.derivative = true;
  };
  const scaled = (matrix: Matrix): Matrix => {
    if (curvature !== 1) for (let k = 0; k < matrix.data.length; k++) matrix.data[k] *= curvature;
    return matrix;
  };
  const gram = cachedGram(design);
  const { gatherColumns } = design;
  const hessianBound = (block: Int32Array) => scaled(gram(block));
  return {
    n,
    quadratic,
    x,
    lipschitz: design.squaredNorms().map((norm) => curvature * norm),
    moveTo(to) {
      x.set(to);
      designTimes(design, x, z);
      if (target) for (let i = 0; i < rows; i++) z[i] -= target[i];
      changed();
    },
    value() {
      known.value ??= loss.value(z);
      return known.value;
    },
    gradient() {
      refreshDerivative();
      if (!known.gradient) design.timesTransposed(derivative, gradient);
      known.gradient = true;
      return gradient;
    },
    blockGradient(block) {
      refreshDerivative();
      const own = new Float64Array(block.length);
      for (let k = 0; k < block.length; k++) {
        own[k] = known.gradient ? gradient[block[k]] : design.dotColumn(block[k], derivative);
      }
      return own;
    },
    valueAfter(block, step) {
      trial.set(z);
      design.addColumns(block, step, trial);
      return loss.value(trial);
    },
    move(block, step) {
      design.addColumns(block, step, z);
      for (let k = 0; k < block.length; k++) x[block[k]] += step[k];
      changed();
    },
    hessian: (block) =>
      quadratic ? hessianBound(block) : design.gram(block, block, loss.secondDerivative(z)),
    hessianBound,
    applyBound(d, out) {
      const product = new Float64Array(rows);
      designTimes(design, d, product);
      design.timesTransposed(product, out);
      if (curvature !== 1) for (let i = 0; i < n; i++) out[i] *= curvature;
    },
    ...(gatherColumns && {
      columns: (block: Int32Array) =>
        gatherColumns(block, quadratic ? undefined : loss.secondDerivative(z).map(Math.sqrt)),
    }),
    boundRowSums: () => gramRowSums(design).map((sum) => curvature * sum),
  };
}

/** 0.5 ||A x - y||^2. */
export function squaredLoss(y: Float64Array): MarginLoss {
  return {
    target: y,
    curvature: 1,
    quadratic: true,
    value: (z) => 0.5 * dot(z, z),
    derivative: (z, out) => out.set(z),
    secondDerivative: (z) => new Float64Array(z.length).fill(1),
  };
}

/** sum log(1 + exp(-y_i z_i)), y_i = -1 or 1, without overflow. */
export function logisticLoss(y: Float64Array): MarginLoss {
  return {
    curvature: 0.25,
    quadratic: false,
    value(z) {
      let sum = 0;
      for (let i = 0; i < z.length; i++) {
        const m = -y[i] * z[i];
        sum += m > 0 ? m + Math.log1p(Math.exp(-m)) : Math.log1p(Math.exp(m));
      }
      return sum;
    },
    derivative(z, out) {
      for (let i = 0; i < z.length; i++) out[i] = -y[i] * sigmoid(-y[i] * z[i]);
    },
    secondDerivative: (z) =>
      z.map((margin) => {
        const p = sigmoid(margin);
        return p * sigmoid(-margin); // not p (1 - p): 1 - p loses what is left of it near 1
      }),
  };
}

function sigmoid(t: number): number {
  if (t >= 0) return 1 / (1 + Math.exp(-t));
  const e = Math.exp(t);
  return e / (1 + e);
}
