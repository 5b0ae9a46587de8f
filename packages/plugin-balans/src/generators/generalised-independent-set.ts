import { createRandom } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import { binaries, createSparseRows } from '../sparse-rows.js';
import { erdosRenyi } from './random-graph.js';

/** Generalised independent set on G(n, p): a removable edge may be paid for instead of respected. */
export interface GeneralisedIndependentSetSize {
  readonly nodes: number;
  readonly edgeProbability: number;
  /** Share of edges that can be removed. Default 0.75. */
  readonly removable?: number;
  /** Default 1; a node earns 100. */
  readonly removalCost?: number;
}

/** max 100 sum x - removalCost sum y; x_u + x_v - y_e <= 1 for removable edges, x_u + x_v <= 1 for the others. */
export function generalisedIndependentSet(
  { nodes, edgeProbability, removable = 0.75, removalCost = 1 }: GeneralisedIndependentSetSize,
  seed: number,
): MipArrays {
  const random = createRandom(seed);
  const rows = createSparseRows();
  let variables = nodes;
  for (const [u, v] of erdosRenyi(nodes, edgeProbability, random)) {
    if (random.uniform() < removable) rows.add([u, v, variables++], [1, 1, -1], Number.NEGATIVE_INFINITY, 1);
    else rows.add([u, v], [1, 1], Number.NEGATIVE_INFINITY, 1);
  }
  const c = Float64Array.from({ length: variables }, (_, j) => (j < nodes ? 100 : -removalCost));
  return { sense: 'maximize', c, ...rows.finish(), ...binaries(variables) };
}
