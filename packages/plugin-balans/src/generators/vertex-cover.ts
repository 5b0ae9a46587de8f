import { createRandom } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import { binaries, createSparseRows } from '../sparse-rows.js';
import { barabasiAlbert } from './random-graph.js';

/** Minimum vertex cover on a Barabasi-Albert graph: min sum cost x, x_u + x_v >= 1 for each edge. */
export interface VertexCoverSize {
  readonly nodes: number;
  readonly edgesPerNode: number;
  /** Costs are 1 + costNoise * U(0, 1); above 0 solutions of equal size differ. Default 0. */
  readonly costNoise?: number;
}

/** See {@link VertexCoverSize}. */
export function vertexCover(
  { nodes, edgesPerNode, costNoise = 0 }: VertexCoverSize,
  seed: number,
): MipArrays {
  const random = createRandom(seed);
  const rows = createSparseRows();
  for (const edge of barabasiAlbert(nodes, edgesPerNode, random)) {
    rows.add(edge, [1, 1], 1, Number.POSITIVE_INFINITY);
  }
  const c = Float64Array.from({ length: nodes }, () => 1 + costNoise * random.uniform());
  return { sense: 'minimize', c, ...rows.finish(), ...binaries(nodes) };
}
