/** A function of several variables with its gradient. */
export type Differentiable = (x: Float64Array) => {
  readonly value: number;
  readonly gradient: Float64Array;
};

const ARMIJO = 1e-4;

/**
 * A local minimum of a smooth function inside a box, by projected BFGS steps with backtracking. For a handful of variables.
 * @param start inside the box
 * @returns the best point found, its value, and the number of evaluations
 */
export function minimizeInBox(
  f: Differentiable,
  start: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  { maxIterations = 100, tolerance = 1e-6 } = {},
): { readonly x: Float64Array; readonly value: number; readonly evaluations: number } {
  const n = start.length;
  let x: Float64Array = start.slice();
  let { value, gradient } = f(x);
  let evaluations = 1;
  let inverse = identity(n);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    // Variables that a bound holds take no part in the step.
    const free = Array.from(
      x,
      (v, i) => !((v <= lower[i] && gradient[i] > 0) || (v >= upper[i] && gradient[i] < 0)),
    );
    const size = Math.max(0, ...free.map((isFree, i) => (isFree ? Math.abs(gradient[i]) : 0)));
    if (size <= tolerance * Math.max(1, Math.abs(value))) break;
    let direction = stepOf(inverse, gradient, free);
    if (inner(direction, gradient) >= 0) {
      inverse = identity(n);
      direction = stepOf(inverse, gradient, free);
    }
    // Logarithms of scales are the variables: no step of more than 2 makes sense.
    const longest = Math.max(...direction.map(Math.abs));
    let step = longest > 2 ? 2 / longest : 1;
    let found: { x: Float64Array; value: number; gradient: Float64Array } | undefined;
    for (let halving = 0; halving < 30 && !found; halving++, step /= 2) {
      const trial = x.map((v, i) => Math.min(upper[i], Math.max(lower[i], v + step * direction[i])));
      const at = f(trial);
      evaluations++;
      const moved = trial.map((v, i) => v - x[i]);
      if (at.value <= value + ARMIJO * inner(gradient, moved)) found = { x: trial, ...at };
    }
    if (!found) break;
    const s = found.x.map((v, i) => v - x[i]);
    const y = found.gradient.map((g, i) => g - gradient[i]);
    updateInverse(inverse, s, y);
    const gained = value - found.value;
    ({ x, value, gradient } = found);
    if (gained <= 1e-12 * Math.max(1, Math.abs(value))) break;
  }
  return { x, value, evaluations };
}

function identity(n: number): Float64Array[] {
  return Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

function stepOf(inverse: readonly Float64Array[], gradient: Float64Array, free: readonly boolean[]) {
  return Float64Array.from(inverse, (row, i) => {
    if (!free[i]) return 0;
    let sum = 0;
    for (let j = 0; j < row.length; j++) if (free[j]) sum -= row[j] * gradient[j];
    return sum;
  });
}

/** The BFGS update of the inverse Hessian; left out where the curvature along the step is not positive. */
function updateInverse(inverse: Float64Array[], s: Float64Array, y: Float64Array): void {
  const curvature = inner(s, y);
  if (!(curvature > 1e-12 * Math.sqrt(inner(s, s) * inner(y, y)))) return;
  const hy = Float64Array.from(inverse, (row) => inner(row, y));
  const factor = (1 + inner(y, hy) / curvature) / curvature;
  for (let i = 0; i < s.length; i++) {
    for (let j = 0; j < s.length; j++)
      inverse[i][j] += factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / curvature;
  }
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
