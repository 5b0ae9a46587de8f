import { createRandom } from '@espalier/core';
import { lowRankProblem, orthonormalise } from '../dist/index.js';

const SIZES = [
  { rows: 400, rank: 5, density: 0.2, condition: 2, iterations: 15 },
  { rows: 700, rank: 60, density: 0.5, condition: 1.5, iterations: 5 },
  { rows: 1_000, rank: 80, density: 0.4, condition: 1.5, iterations: 3 },
  { rows: 20_000, rank: 10, density: 0.005, condition: 2, iterations: 3 },
];

/** The benchmark's problems, each with a start that all implementations share. */
export function* cases() {
  for (const { rows, iterations, ...size } of SIZES) {
    const { problem } = lowRankProblem({ rows, columns: rows, ...size }, 1);
    const random = createRandom(2);
    const normal = Float64Array.from({ length: rows * size.rank }, () => random.normal());
    const { q } = orthonormalise({ rows, cols: size.rank, data: normal }, random);
    const count = problem.observed.values.length;
    yield {
      short: `${rows.toLocaleString('en')}, k = ${size.rank}`,
      name: `${rows} x ${rows}, rank ${size.rank}, ${count.toLocaleString('en')} observed, ${iterations} iterations`,
      iterations,
      problem: { ...problem, initial: { u: q.data } },
    };
  }
}
