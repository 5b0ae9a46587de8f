import { InvalidProblemError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';

/**
 * The nearest plan with exact marginals in the sense of Altschuler, Weed and Rigollet 2017 (algorithm 2): rows scaled by
 * min(1, a / P 1), columns likewise, and the rest added as the rank-one matrix err_a err_b^T / |err_a|_1.
 * @param plan n x m, entries >= 0; unchanged
 * @throws InvalidProblemError when shapes do not fit, an entry is negative or not finite, or the totals of a and b differ
 */
export function roundToPolytope(plan: Matrix, a: Float64Array, b: Float64Array): Matrix {
  const { rows: n, cols: m } = plan;
  if (a.length !== n || b.length !== m) {
    throw new InvalidProblemError(
      `A ${n} x ${m} plan has ${n} + ${m} marginals; given ${a.length} + ${b.length}.`,
    );
  }
  const [massA, massB] = [total(a), total(b)];
  if (Math.abs(massA - massB) > 1e-9 * Math.max(massA, massB)) {
    throw new InvalidProblemError(`The marginals must have one total; given ${massA} and ${massB}.`);
  }
  const bad = plan.data.findIndex((mass) => !(mass >= 0 && Number.isFinite(mass)));
  if (bad >= 0)
    throw new InvalidProblemError(
      `Entry ${bad} of the plan is ${plan.data[bad]}; masses are finite and >= 0.`,
    );
  const data = plan.data.slice();
  for (let i = 0; i < n; i++) {
    const row = data.subarray(i * m, (i + 1) * m);
    const sum = total(row);
    if (sum > a[i]!) for (let j = 0; j < m; j++) row[j]! *= a[i]! / sum;
  }
  const columnSums = sumsOfColumns(data, n, m);
  const scale = columnSums.map((sum, j) => (sum > b[j]! ? b[j]! / sum : 1));
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) data[i * m + j]! *= scale[j]!;

  const missingA = a.map((mass, i) => Math.max(0, mass - total(data.subarray(i * m, (i + 1) * m))));
  const after = sumsOfColumns(data, n, m);
  const missingB = b.map((mass, j) => Math.max(0, mass - after[j]!));
  const missing = total(missingA);
  if (missing > 0) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++) data[i * m + j]! += (missingA[i]! * missingB[j]!) / missing;
  }
  return { rows: n, cols: m, data };
}

function sumsOfColumns(data: Float64Array, n: number, m: number): Float64Array {
  const sums = new Float64Array(m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) sums[j]! += data[i * m + j]!;
  return sums;
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
