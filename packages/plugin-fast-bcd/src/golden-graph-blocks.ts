import type { GoldenFile, GoldenRunner, Json, JsonObject } from '@espalier/core';
import { csrFromDense, csrToDense, matrixFromRows } from '@espalier/linalg';
import type { QuadraticObjective } from './composite-minimization.js';
import { conjugateGradient } from './conjugate-gradient.js';
import { fastBcd } from './fast-bcd.js';
import type { FastBcdOptions } from './fast-bcd-options.js';
import { goldenTolerance, rowsOf } from './golden-file.js';
import { redBlackPartition, treePartition } from './graph-partition.js';
import type { GraphSelection } from './graph-selection.js';
import { labelPropagation } from './label-propagation.js';
import { latticeCombs, latticeRedBlack } from './lattice.js';
import { lossConstants } from './loss-constants.js';
import { selectBlock } from './select-block.js';
import { descending } from './top-entries.js';

interface GraphFile extends GoldenFile {
  readonly weights: number[][];
  /** 0 for nodes without a label. */
  readonly labels: number[];
  readonly x: number[];
  readonly updates: JsonObject;
  readonly lattices?: (JsonObject & { readonly rows: number; readonly columns: number })[];
}

/** The files' names of rules, ours, and the update that minimises over their blocks. */
const RULES: Readonly<Record<string, readonly [GraphSelection, FastBcdOptions['update']]>> = {
  GSTree: ['gs-tree', 'message-passing'],
  GSLTree: ['gsl-tree', 'message-passing'],
  GSDTree: ['gsd-tree', 'message-passing'],
  GSExactTree: ['gs-exact-tree', 'exact'],
  GSLExactTree: ['gsl-exact-tree', 'exact'],
};

const lists = (blocks: readonly Int32Array[]) => blocks.map((block) => [...block]);

/** Label propagation on a small graph: its matrix, partitions, greedy forests, exact updates, and the solution. */
export const graphBlocks: GoldenRunner = {
  async run(file) {
    const { weights, labels, x, updates, lattices = [] } = file as GraphFile;
    const labelled = Int32Array.from(labels.keys()).filter((node) => labels[node] !== 0);
    const { problem } = labelPropagation({
      weights: csrFromDense(matrixFromRows(weights)),
      labelled,
      labels: Float64Array.from(labelled, (node) => labels[node]),
    });
    const { A, b } = problem.objective as QuadraticObjective;
    const graph = 'data' in A ? csrFromDense(A) : A;
    const { lipschitz } = lossConstants(problem, Int32Array.of(0));
    const order = descending(lipschitz);
    const at = { ...problem, x0: Float64Array.from(x) };
    const blocks: Record<string, Json> = {};
    const moved: Record<string, Json> = {};
    for (const [name, [selection, update]] of Object.entries(RULES)) {
      if (Object.hasOwn(file, name)) blocks[name] = [...selectBlock(at, { selection })];
      if (!Object.hasOwn(updates, name)) continue;
      const { x: to } = await fastBcd.create({ selection, update, maxIterations: 1 }).solve(at);
      moved[name] = [...to];
    }
    const solution = await conjugateGradient.create({ tolerance: 1e-14 }).solve(problem);
    return {
      A: rowsOf(csrToDense(graph)),
      b: [...b],
      lipschitz: [...lipschitz],
      redBlack: lists(redBlackPartition(graph, order)),
      treePartitions: lists(treePartition(graph, order)),
      ...blocks,
      updates: moved,
      solution: [...solution.x],
      minimum: solution.value,
      lattices: lattices.map((lattice) => ({
        redBlack: lists(latticeRedBlack(lattice)),
        treePartitions: lists(latticeCombs(lattice)),
      })),
    };
  },
  tolerance: goldenTolerance,
};
