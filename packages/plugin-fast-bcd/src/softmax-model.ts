import { createMatrix, type Matrix } from '@espalier/linalg';
import { type Design, designTimes, gramRowSums } from './design.js';
import type { SmoothModel } from './smooth-model.js';

/**
 * sum_i log(sum_c exp(a_i'x_c)) - a_i'x_(label i), k classes; variable feature * k + class. The bound of the Hessian is Boehning's:
 * 0.5 (I - 1 1'/k') over the classes, where a block that touches m classes needs k' = min(k, m + 1) only.
 */
export function softmaxModel(design: Design, labels: Int32Array, k: number): SmoothModel {
  const { rows, cols: features } = design;
  const n = features * k;
  const x = new Float64Array(n);
  /** Margins and derivatives by class: each class contiguous. */
  const z = Array.from({ length: k }, () => new Float64Array(rows));
  const trial = z.map((margins) => margins.slice());
  const probabilities = z.map((margins) => margins.slice());
  const residual = new Float64Array(rows);
  const gradient = new Float64Array(n);
  let fresh = { probabilities: false, gradient: false };
  let known: number | undefined;
  const changed = () => {
    fresh = { probabilities: false, gradient: false };
    known = undefined;
  };
  const refresh = () => {
    if (!fresh.probabilities) softmax(z, probabilities);
    fresh.probabilities = true;
  };
  /** p_c - [label = c] for every row. */
  const residualOf = (c: number) => {
    for (let i = 0; i < rows; i++) residual[i] = probabilities[c][i] - (labels[i] === c ? 1 : 0);
    return residual;
  };
  const add = (block: Int32Array, step: Float64Array, to: readonly Float64Array[]) => {
    for (let j = 0; j < block.length; j++) {
      if (step[j] !== 0) design.addColumn(Math.floor(block[j] / k), step[j], to[block[j] % k]);
    }
  };
  const byClassPairs = (
    block: Int32Array,
    fill: (c1: number, c2: number, left: Int32Array, right: Int32Array) => Matrix,
  ): Matrix => {
    const classes = groupByClass(block, k);
    const result = createMatrix(block.length, block.length);
    for (const [a, one] of classes.entries()) {
      for (const other of classes.slice(a)) {
        const part = fill(one.class, other.class, one.features, other.features);
        for (let i = 0; i < one.places.length; i++) {
          for (let j = 0; j < other.places.length; j++) {
            const entry = part.data[i * other.places.length + j];
            result.data[one.places[i] * block.length + other.places[j]] = entry;
            result.data[other.places[j] * block.length + one.places[i]] = entry;
          }
        }
      }
    }
    return result;
  };
  return {
    n,
    quadratic: false,
    x,
    lipschitz: lipschitzOf(design, k),
    moveTo(to) {
      x.set(to);
      const column = new Float64Array(features);
      for (let c = 0; c < k; c++) {
        for (let f = 0; f < features; f++) column[f] = x[f * k + c];
        designTimes(design, column, z[c]);
      }
      changed();
    },
    value() {
      known ??= lossOf(z, labels);
      return known;
    },
    gradient() {
      if (fresh.gradient) return gradient;
      refresh();
      const column = new Float64Array(features);
      for (let c = 0; c < k; c++) {
        design.timesTransposed(residualOf(c), column);
        for (let f = 0; f < features; f++) gradient[f * k + c] = column[f];
      }
      fresh.gradient = true;
      return gradient;
    },
    blockGradient(block) {
      if (fresh.gradient) return Float64Array.from(block, (i) => gradient[i]);
      refresh();
      const result = new Float64Array(block.length);
      for (const { class: c, places, features: own } of groupByClass(block, k)) {
        const r = residualOf(c);
        for (let j = 0; j < places.length; j++) result[places[j]] = design.dotColumn(own[j], r);
      }
      return result;
    },
    valueAfter(block, step) {
      for (let c = 0; c < k; c++) trial[c].set(z[c]);
      add(block, step, trial);
      return lossOf(trial, labels);
    },
    move(block, step) {
      add(block, step, z);
      for (let j = 0; j < block.length; j++) x[block[j]] += step[j];
      changed();
    },
    hessian(block) {
      refresh();
      const weights = new Float64Array(rows);
      return byClassPairs(block, (c1, c2, left, right) => {
        const [p, q] = [probabilities[c1], probabilities[c2]];
        for (let i = 0; i < rows; i++) weights[i] = c1 === c2 ? p[i] * (1 - p[i]) : -p[i] * q[i];
        return design.gram(left, right, weights);
      });
    },
    hessianBound(block) {
      const classes = new Set(block.map((i) => i % k)).size;
      const ofBlock = Math.min(k, classes + 1);
      return byClassPairs(block, (c1, c2, left, right) => {
        const factor = c1 === c2 ? 0.5 * (1 - 1 / ofBlock) : -0.5 / ofBlock;
        const part = design.gram(left, right);
        for (let j = 0; j < part.data.length; j++) part.data[j] *= factor;
        return part;
      });
    },
    applyBound(d, out) {
      const products = z.map(() => new Float64Array(rows));
      const column = new Float64Array(features);
      for (let c = 0; c < k; c++) {
        for (let f = 0; f < features; f++) column[f] = d[f * k + c];
        designTimes(design, column, products[c]);
      }
      for (let i = 0; i < rows; i++) {
        let mean = 0;
        for (let c = 0; c < k; c++) mean += products[c][i] / k;
        for (let c = 0; c < k; c++) products[c][i] = 0.5 * (products[c][i] - mean);
      }
      for (let c = 0; c < k; c++) {
        design.timesTransposed(products[c], column);
        for (let f = 0; f < features; f++) out[f * k + c] = column[f];
      }
    },
    boundRowSums() {
      // 0.5 (1 - 1/k) for the class itself and 0.5/k for each of the k - 1 others: (k-1)/k of the features' sum.
      const sums = gramRowSums(design);
      return Float64Array.from({ length: n }, (_, i) => ((k - 1) / k) * sums[Math.floor(i / k)]);
    },
  };
}

function lipschitzOf(design: Design, k: number): Float64Array {
  const norms = design.squaredNorms();
  return Float64Array.from({ length: design.cols * k }, (_, i) => norms[Math.floor(i / k)] / 4);
}

/** The variables of a block by class: their places in the block and their features. */
function groupByClass(
  block: Int32Array,
  k: number,
): { readonly class: number; readonly places: number[]; readonly features: Int32Array }[] {
  const places = new Map<number, number[]>();
  for (let j = 0; j < block.length; j++) {
    const c = block[j] % k;
    const list = places.get(c);
    if (list) list.push(j);
    else places.set(c, [j]);
  }
  return [...places].map(([c, list]) => ({
    class: c,
    places: list,
    features: Int32Array.from(list, (j) => Math.floor(block[j] / k)),
  }));
}

function softmax(z: readonly Float64Array[], out: readonly Float64Array[]): void {
  for (let i = 0; i < z[0].length; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const margins of z) largest = Math.max(largest, margins[i]);
    let sum = 0;
    for (let c = 0; c < z.length; c++) {
      out[c][i] = Math.exp(z[c][i] - largest);
      sum += out[c][i];
    }
    for (let c = 0; c < z.length; c++) out[c][i] /= sum;
  }
}

function lossOf(z: readonly Float64Array[], labels: Int32Array): number {
  let value = 0;
  for (let i = 0; i < labels.length; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const margins of z) largest = Math.max(largest, margins[i]);
    let sum = 0;
    for (const margins of z) sum += Math.exp(margins[i] - largest);
    value += largest + Math.log(sum) - z[labels[i]][i];
  }
  return value;
}
