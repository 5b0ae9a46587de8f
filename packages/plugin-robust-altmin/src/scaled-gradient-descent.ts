import { defineSolver } from '@espalier/core';
import { choleskyInPlace, choleskySolveInPlace, gemm, type Matrix, syrk, transpose } from '@espalier/linalg';
import { z } from 'zod';
import { relative, type Start, type StartingFactors, startingVectors } from './alternation.js';
import { alternationOptions } from './altmin-options.js';
import { centred, fitBaseline } from './baseline.js';
import { rankOf, scaledStart, startingFactors } from './complete.js';
import { checkRank, type Entries, prepareEntries } from './entries.js';
import { createFactor, type Factor, factorMatrix, fillFactor, strideOf } from './factor.js';
import { matrixCompletion } from './matrix-completion.js';
import { startMonitor } from './monitor.js';
import { orthonormalise } from './orthonormalise.js';
import { type Side, sideArguments, total } from './side.js';
import { assembleSolution } from './solution.js';
import { OVERSAMPLING } from './spectral-start.js';
import { openWorkbench, type Workbench } from './workbench.js';

const { centring, tolerance, residualTolerance, start, threads } = alternationOptions;

/**
 * Gradient descent on both factors at once, each gradient scaled by the inverse Gram matrix of the other factor (Tong, Ma and Chi 2021):
 * O(|Omega| k) an iteration, and a rate that does not depend on the condition number.
 */
export const scaledGradientDescent = defineSolver({
  name: 'scaled-gradient-descent',
  summary: 'Gradient descent on both factors, each scaled by the Gram matrix of the other.',
  solves: matrixCompletion,
  paper: {
    title: 'Accelerating Ill-Conditioned Low-Rank Matrix Estimation via Scaled Gradient Descent',
    authors: 'T. Tong, C. Ma, Y. Chi',
    arxiv: '2005.08898',
    year: 2021,
  },
  options: z.strictObject({
    rank: z
      .union([z.literal('auto'), z.int().min(1)])
      .default('auto')
      .describe("The rank; auto takes the problem's."),
    centring,
    tolerance,
    residualTolerance,
    start,
    threads,
    maxIterations: z.int().min(1).default(500).describe('Most gradient steps.'),
    step: z
      .number()
      .positive()
      .default(0.5)
      .describe('Step, over the share of entries observed; halved where the residual grows.'),
  }),
  examples: { default: {} },
  accepts: (problem) => rankOf(problem) !== undefined || 'It needs a rank: the problem names none.',
  create: (options, services) => ({
    async solve(problem, run) {
      const entries = prepareEntries(problem);
      const k = options.rank === 'auto' ? (rankOf(problem) ?? 1) : options.rank;
      checkRank(k, entries.rows, entries.columns);
      const monitor = startMonitor(run, services);
      const random = services.random(run?.seed);
      const baseline = fitBaseline(entries, options.centring);
      const { entries: values, scale } = centred(entries, baseline);
      const blockSize = Math.min(k + OVERSAMPLING, entries.rows, entries.columns);
      const bench = openWorkbench(
        values,
        { rank: k, blockSize, threads: options.threads, spare: spareArrays(values, k) },
        monitor,
        random,
      );
      try {
        const given = scaledStart(startingFactors(problem, k), scale);
        if (bench.total > 0) await begin(bench, options.start, given);
        const reason = bench.total > 0 ? await descend(bench, options) : 'converged';
        // Other solvers leave the scale in U: so does this one.
        const { q, r } = orthonormalise(factorMatrix(bench.v), random);
        const u = gemm(factorMatrix(bench.u), r, { transposeB: true });
        const flat = bench.total > 0 ? { u, v: q } : { u: factorMatrix(bench.u), v: factorMatrix(bench.v) };
        return assembleSolution(
          problem,
          entries,
          { ...flat, baseline, scale, work: bench.work, reason },
          monitor,
        );
      } finally {
        bench.close();
      }
    },
  }),
});

/** What the descent takes from the arena beside the factors: residuals on both sides, and two gradients. */
function spareArrays({ rows, columns, values }: Entries, k: number): { float64: number[] } {
  return { float64: [values.length, values.length, rows * strideOf(k), columns * strideOf(k)] };
}

interface Descent {
  readonly tolerance: number;
  readonly residualTolerance: number;
  readonly maxIterations: number;
  readonly step: number;
}

/** U orthonormal, and V the projection of the observed values on it, over p; or the factors that are given. */
async function begin(bench: Workbench, start: Start, given: StartingFactors | undefined): Promise<void> {
  const { u, v, byColumn, count, random } = bench;
  if (given?.v) {
    fillFactor(u, given.u);
    fillFactor(v, given.v);
    return;
  }
  fillFactor(u, given ? orthonormalise(given.u, random).q : await startingVectors(bench, start));
  await product(bench, byColumn[0], u, v);
  const p = count / (u.rows * v.rows);
  for (let e = 0; e < v.data.length; e++) v.data[e] /= p;
}

async function descend(
  bench: Workbench,
  { tolerance, residualTolerance, maxIterations, step }: Descent,
): Promise<string> {
  const { arena, monitor, u, v, count, total: given } = bench;
  const [[byRow], [byColumn]] = [bench.byRow, bench.byColumn];
  const p = count / (u.rows * v.rows);
  const leftByRow = { ...byRow, values: arena.float64(count) };
  const leftByColumn = { ...byColumn, values: arena.float64(count) };
  const [gradU, gradV] = [createFactor(arena, u.rows, u.size), createFactor(arena, v.rows, v.size)];
  let eta = step / p;
  let last = Number.POSITIVE_INFINITY;
  let kept = { u: u.data.slice(), v: v.data.slice() };
  for (let iteration = 1; ; iteration++) {
    const residual = relative(await residuals(bench, byRow, v, u, leftByRow), given);
    if (!(residual <= 2 * last) || residual > 1e3) {
      if (eta < 1e-6 * (step / p)) return 'diverged';
      u.data.set(kept.u);
      v.data.set(kept.v);
      eta /= 2;
      await residuals(bench, byRow, v, u, leftByRow);
    } else {
      if (iteration > 1) {
        monitor.step({ residual });
        if (residual <= residualTolerance) return 'converged';
        if (Math.abs(last - residual) < tolerance * last) return 'converged';
        if (iteration > maxIterations) return 'iteration limit';
        if (monitor.expired()) return 'time limit';
      }
      last = residual;
      kept = { u: u.data.slice(), v: v.data.slice() };
    }
    await residuals(bench, byColumn, u, v, leftByColumn);
    await product(bench, leftByRow, v, gradU);
    await product(bench, leftByColumn, u, gradV);
    const [scaleU, scaleV] = [factorMatrix(u), factorMatrix(v)];
    addScaled(u, gradU, scaleV, eta);
    addScaled(v, gradV, scaleU, eta);
    bench.work.flops += 8 * u.size * count + 4 * (u.rows + v.rows) * u.size ** 2;
    bench.work.inner++;
    await monitor.turn();
  }
}

/** What is left of the values, to `left`; the weighted sum of its squares. */
async function residuals(
  bench: Workbench,
  side: Side,
  fixed: Factor,
  unknown: Factor,
  left: Side,
): Promise<number> {
  const factors = [fixed.data.byteOffset, fixed.stride, unknown.data.byteOffset];
  const out = [side.squares.byteOffset, left.values.byteOffset];
  await bench.team.run('residualRows', side.chunks, [...sideArguments(side), ...factors, ...out]);
  return total(side.squares);
}

async function product(bench: Workbench, side: Side, fixed: Factor, out: Factor): Promise<void> {
  const factors = [fixed.data.byteOffset, fixed.stride, out.data.byteOffset];
  await bench.team.run('productRows', side.chunks, [...sideArguments(side), ...factors]);
}

/** factor += eta gradient (other^T other)^-1 */
function addScaled(factor: Factor, gradient: Factor, other: Matrix, eta: number): void {
  const gram = syrk(other, { transpose: true });
  let largest = 0;
  for (let i = 0; i < gram.rows; i++) largest = Math.max(largest, gram.data[i * (gram.rows + 1)]);
  // A direction that the other factor lacks has no gradient either: what is added only keeps the factor regular.
  for (let i = 0; i < gram.rows; i++) gram.data[i * (gram.rows + 1)] += 1e-12 * largest + Number.MIN_VALUE;
  choleskyInPlace(gram);
  const columns = transpose(factorMatrix(gradient));
  choleskySolveInPlace(gram, columns);
  const scaled = transpose(columns);
  for (let i = 0; i < factor.rows; i++) {
    for (let t = 0; t < factor.size; t++)
      factor.data[i * factor.stride + t] += eta * scaled.data[i * factor.size + t];
  }
}
