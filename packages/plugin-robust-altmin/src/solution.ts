import { createMatrix, type Matrix } from '@espalier/linalg';
import type { Entries } from './entries.js';
import type {
  Baseline,
  MatrixCompletionProblem,
  MatrixCompletionSolution,
  RankTrial,
  Triplets,
} from './matrix-completion.js';
import type { Monitor } from './monitor.js';
import { predictMany } from './predict.js';

/** What a solver leaves, in the scale of the centred values divided by `scale`. */
export interface Fitted {
  readonly u: Matrix;
  readonly v: Matrix;
  readonly baseline: Baseline;
  readonly scale: number;
  readonly work: { readonly flops: number; readonly inner: number };
  readonly rankTrials?: readonly RankTrial[] | undefined;
  /** `converged`, or why not. */
  readonly reason: string;
}

/**
 * Everything about the factors that a solver stopped at: one pass over the observations.
 * @param entries the observations as they were given, not centred
 */
export function assembleSolution(
  problem: MatrixCompletionProblem,
  entries: Entries,
  { u, v, baseline, scale, work, rankTrials, reason }: Fitted,
  monitor: Monitor,
): MatrixCompletionSolution {
  const rank = u.cols;
  const scaled = createMatrix(
    u.rows,
    rank,
    u.data.map((value) => scale * value),
  );
  const model = { u: scaled, v, baseline };
  const { rows, columns } = underDetermined(entries, rank);
  if (rows.length + columns.length > 0) {
    monitor.warn(
      `${rows.length} rows and ${columns.length} columns have fewer than ${rank} observations: what is said of them is a guess.`,
    );
  }
  const count = entries.values.length;
  const freedom = rank * (entries.rows + entries.columns - rank);
  if (count < freedom)
    monitor.warn(
      `${count} observations for the ${freedom} degrees of freedom of rank ${rank}: lower the rank, or add a ridge.`,
    );
  return {
    ...model,
    rank,
    residual: observedResidual(entries, model),
    ...(problem.validation && { validationRmse: rmse(model, problem.validation) }),
    ...(rankTrials && { rankTrials }),
    underDetermined: { rows, columns },
    iterations: { outer: monitor.history.length, inner: work.inner },
    flops: work.flops,
    converged: reason === 'converged',
    reason,
    warnings: monitor.warnings,
    history: monitor.history,
    milliseconds: monitor.elapsedMs(),
  };
}

/** Root of the mean squared error on triplets. */
export function rmse(model: Pick<MatrixCompletionSolution, 'u' | 'v' | 'baseline'>, held: Triplets): number {
  const predicted = predictMany(model, held.rowIndices, held.columnIndices);
  let square = 0;
  for (let e = 0; e < predicted.length; e++) square += (predicted[e] - held.values[e]) ** 2;
  return Math.sqrt(square / predicted.length);
}

function observedResidual(
  { pointers, indices, values, weights }: Entries,
  { u, v, baseline }: Pick<MatrixCompletionSolution, 'u' | 'v' | 'baseline'>,
): number {
  const k = u.cols;
  let [left, given] = [0, 0];
  for (let i = 0; i < u.rows; i++) {
    for (let e = pointers[i]; e < pointers[i + 1]; e++) {
      const j = indices[e];
      const value = values[e] - baseline.mean - baseline.rows[i] - baseline.columns[j];
      let sum = 0;
      for (let t = 0; t < k; t++) sum += u.data[i * k + t] * v.data[j * k + t];
      const w = weights ? weights[e] : 1;
      left += w * (value - sum) ** 2;
      given += w * value ** 2;
    }
  }
  return given > 0 ? Math.sqrt(left / given) : 0;
}

function underDetermined({ rows, columns, pointers, indices }: Entries, rank: number) {
  const counts = new Int32Array(columns);
  for (let e = 0; e < indices.length; e++) counts[indices[e]]++;
  const few = (size: number, countOf: (i: number) => number) =>
    Int32Array.from(Array.from({ length: size }, (_, i) => i).filter((i) => countOf(i) < rank));
  return {
    rows: few(rows, (i) => pointers[i + 1] - pointers[i]),
    columns: few(columns, (j) => counts[j]),
  };
}
