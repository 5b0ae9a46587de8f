/** Everything here is written without the package: kernels, elimination and acquisitions of its own, all t observations each time. */

export interface Setting {
  readonly points: readonly (readonly number[])[];
  readonly kernel: (x: readonly number[], y: readonly number[]) => number;
  /** lambda of a candidate. */
  readonly noise: (index: number) => number;
  readonly priorMean?: number;
}

export interface Belief {
  readonly mean: number[];
  readonly variance: number[];
  readonly logDeterminant: number;
}

export const rbf = (lengthScale: number) => (x: readonly number[], y: readonly number[]) =>
  Math.exp(-0.5 * x.reduce((sum, v, k) => sum + ((v - y[k]) / lengthScale) ** 2, 0));

/** Matern 5/2. */
export const matern = (lengthScale: number) => (x: readonly number[], y: readonly number[]) => {
  const r = Math.sqrt(x.reduce((sum, v, k) => sum + ((v - y[k]) / lengthScale) ** 2, 0));
  return (1 + Math.sqrt(5) * r + (5 / 3) * r * r) * Math.exp(-Math.sqrt(5) * r);
};

/** The posterior by Gaussian elimination on the t x t system. */
export function naivePosterior(
  { points, kernel, noise, priorMean = 0 }: Setting,
  history: readonly { readonly index: number; readonly value: number }[],
): Belief {
  const t = history.length;
  const system = history.map(({ index: i }, a) => [
    ...history.map(({ index: j }, b) => kernel(points[i], points[j]) + (a === b ? noise(i) : 0)),
    history[a].value - priorMean,
    ...points.map((x) => kernel(points[i], x)),
  ]);
  let logDeterminant = 0;
  // Gauss-Jordan; the matrix is positive definite, so no pivoting.
  for (let p = 0; p < t; p++) {
    const pivot = system[p][p];
    logDeterminant += Math.log(pivot) - Math.log(noise(history[p].index));
    for (let c = p; c < system[p].length; c++) system[p][c] /= pivot;
    for (let r = 0; r < t; r++) {
      if (r === p || system[r][p] === 0) continue;
      const factor = system[r][p];
      for (let c = p; c < system[r].length; c++) system[r][c] -= factor * system[p][c];
    }
  }
  const column = (x: number) => history.map(({ index }) => kernel(points[index], points[x]));
  return {
    mean: points.map((_, x) => column(x).reduce((sum, k, r) => sum + k * system[r][t], priorMean)),
    variance: points.map((point, x) =>
      Math.max(
        0,
        column(x).reduce((sum, k, r) => sum - k * system[r][t + 1 + x], kernel(point, point)),
      ),
    ),
    logDeterminant,
  };
}

/** Phi by numerical integration: Simpson's rule on [-12, z]. */
export function simpsonPhi(z: number): number {
  const n = 2_000;
  const h = (z + 12) / n;
  const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  let sum = density(-12) + density(z);
  for (let i = 1; i < n; i++) sum += (i % 2 === 1 ? 4 : 2) * density(-12 + i * h);
  return (sum * h) / 3;
}

export interface MetaSetting extends Setting {
  readonly ratio: number;
  readonly acquisition: 'ucb' | 'ei';
  readonly delta: number;
  /** xi / sqrt(lambda). */
  readonly noiseRatio?: number;
}

/** One decision of mini-META by the definitions. */
export function naiveStep(
  setting: MetaSetting,
  history: readonly { readonly index: number; readonly value: number }[],
  most: number,
  pending: readonly number[] = [],
): { index: number; repetitions: number; mean: number; sigma: number; acquisition: number; belief: Belief } {
  const told = naivePosterior(setting, history);
  // Variances do not depend on values: what is under way counts as if it had come back.
  const withPending = [...history, ...pending.map((index) => ({ index, value: 0 }))];
  const belief = { ...told, variance: naivePosterior(setting, withPending).variance };
  const { ratio, acquisition, delta, noiseRatio = 1 } = setting;
  const beta = 1 + noiseRatio * Math.sqrt(belief.logDeterminant + Math.log(1 / delta));
  const best = Math.max(...belief.mean);
  const scores = belief.mean.map((mean, x) => {
    const sigma = Math.sqrt(belief.variance[x]);
    if (acquisition === 'ucb') return mean + beta * sigma;
    const z = (mean - best) / sigma;
    return sigma * (z * simpsonPhi(z) + Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI));
  });
  // Equal to within rounding counts as equal: the lowest index.
  const top = Math.max(...scores);
  const index = scores.findIndex((score) => score >= top - 1e-9 * Math.abs(top));
  const wanted = Math.floor((setting.noise(index) * (ratio * ratio - 1)) / belief.variance[index]);
  return {
    index,
    repetitions: Math.min(most, Math.max(1, wanted)),
    mean: belief.mean[index],
    sigma: Math.sqrt(belief.variance[index]),
    acquisition: scores[index],
    belief,
  };
}
