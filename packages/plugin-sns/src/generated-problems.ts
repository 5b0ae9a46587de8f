import { createRandom } from '@espalier/core';
import type { OptimalTransportProblem } from './optimal-transport.js';

/** Linear assignment: costs uniform in [0, 1), weights 1/n. */
export function randomAssignment(n: number, seed: number): Pick<OptimalTransportProblem, 'cost'> {
  const random = createRandom(seed);
  return {
    cost: { matrix: Float64Array.from({ length: n * n }, () => random.uniform()), rows: n, columns: n },
  };
}

/** Two Gaussian clouds in the plane with random masses. */
export function randomClouds(
  n: number,
  m: number,
  seed: number,
): Pick<OptimalTransportProblem, 'cost' | 'a' | 'b'> {
  const random = createRandom(seed);
  const cloud = (count: number, x: number, spread: number) =>
    Float64Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? x : 0) + spread * random.normal());
  const masses = (count: number) => {
    const raw = Float64Array.from({ length: count }, () => 0.1 + random.uniform());
    const total = raw.reduce((s, v) => s + v, 0);
    return raw.map((v) => v / total);
  };
  const [x, y] = [cloud(n, 0, 0.3), cloud(m, 0.5, 0.2)];
  return { cost: { x, y, dimension: 2 }, a: masses(n), b: masses(m) };
}
