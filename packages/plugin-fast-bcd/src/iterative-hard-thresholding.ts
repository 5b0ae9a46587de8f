import { largestEigenvalueOf } from './largest-eigenvalue.js';
import type { SelectionRule } from './selection-state.js';
import { topEntries } from './top-entries.js';

const STEPS = 10;
const TOLERANCE = 1e-10;

/**
 * GSQ approximately: the block of `size` variables whose matrix update promises most, by iterative hard thresholding on the model
 * g'd + 0.5 d'H d. From d = g / sqrt(L): d <- d - (g + H d) / lambda_max(H), all but the `size` largest |d_i| set to 0, ten times; the
 * block is the support of d.
 */
export function iterativeHardThresholding(size: number): SelectionRule {
  let largest: number | undefined;
  return ({ model }) => {
    const { n, lipschitz } = model;
    const g = model.gradient();
    largest ??= largestEigenvalueOf(n, (v, out) => model.applyBound(v, out));
    const product = new Float64Array(n);
    let d = g.map((v, i) => (lipschitz[i] > 0 ? v / Math.sqrt(lipschitz[i]) : 0));
    let block = topEntries(d.map(Math.abs), size);
    for (let step = 0; step < STEPS && largest > 0; step++) {
      model.applyBound(d, product);
      const moved = d.map((v, i) => v - (g[i] + product[i]) / (largest as number));
      block = topEntries(moved.map(Math.abs), size);
      const next = new Float64Array(n);
      for (const i of block) next[i] = moved[i];
      const change = Math.sqrt(next.reduce((sum, v, i) => sum + (v - d[i]) ** 2, 0));
      d = next;
      if (change < TOLERANCE) break;
    }
    return { block };
  };
}
