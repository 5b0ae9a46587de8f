import { createRandom } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import { binaries, createSparseRows } from '../sparse-rows.js';
import { erdosRenyi } from './random-graph.js';

/** Maximum independent set on G(n, p): max sum x, x_u + x_v <= 1 for each edge. */
export interface IndependentSetSize {
  readonly nodes: number;
  readonly edgeProbability: number;
}

/** See {@link IndependentSetSize}. */
export function independentSet({ nodes, edgeProbability }: IndependentSetSize, seed: number): MipArrays {
  const rows = createSparseRows();
  for (const edge of erdosRenyi(nodes, edgeProbability, createRandom(seed))) {
    rows.add(edge, [1, 1], Number.NEGATIVE_INFINITY, 1);
  }
  return { sense: 'maximize', c: new Float64Array(nodes).fill(1), ...rows.finish(), ...binaries(nodes) };
}
