import { defineDynamicAlgorithm } from '@espalier/core';
import { z } from 'zod';
import { HdtConnectivity } from './backstops/hdt-connectivity.js';
import { Recompute } from './backstops/recompute.js';
import { staticStructure, structureOf } from './catalogue.js';
import { dynamicGraph } from './dynamic-graph.js';
import { type EngineSetup, GraphProcess, unsupportedQuestion } from './graph-process.js';
import { DeletionOrderLift } from './lifts/deletion-order-lift.js';

const options = z.strictObject({
  strict: z
    .boolean()
    .default(true)
    .describe('Refuse to insert a present element or to delete an absent one; false: it takes a slot.'),
});

/** The answer anew after every event, from all present elements. Takes every question. */
export const recomputeGraph = defineDynamicAlgorithm({
  name: 'recompute-graph',
  summary: 'Computes the answer anew after every event.',
  solves: dynamicGraph,
  options,
  create: ({ strict }) =>
    new GraphProcess({
      name: 'recompute-graph',
      strict,
      createEngine: ({ universe, question }) => new Recompute(staticStructure(universe, question)),
    }),
});

/** Fully dynamic connectivity without predictions, O(log^2 n) an update. Takes `connectivity`. */
export const hdtConnectivity = defineDynamicAlgorithm({
  name: 'hdt-connectivity',
  summary: 'Fully dynamic connectivity with levels of Euler tour trees.',
  paper: {
    title:
      'Poly-Logarithmic Deterministic Fully-Dynamic Algorithms for Connectivity, Minimum Spanning Tree, 2-Edge, and Biconnectivity',
    authors: 'J. Holm, K. de Lichtenberg, M. Thorup',
    doi: '10.1145/502090.502095',
    year: 2001,
  },
  solves: dynamicGraph,
  options,
  create: ({ strict }) =>
    new GraphProcess({
      name: 'hdt-connectivity',
      strict,
      createEngine({ universe, question }) {
        if (question.structure !== 'connectivity')
          throw unsupportedQuestion('hdt-connectivity', question.structure, 'connectivity');
        return new HdtConnectivity(universe);
      },
    }),
});

function stackEngine(name: string, order: 'predicted' | 'fifo', { universe, question }: EngineSetup) {
  const entry = structureOf(universe, question);
  if (!entry.undo) throw unsupportedQuestion(name, question.structure, 'structures with insertion and undo');
  return new DeletionOrderLift(() => entry.undo!(universe, question), order);
}

/** An incremental structure whose deletions come in an expected order: only the order of the predicted slots counts. */
export const deletionOrder = defineDynamicAlgorithm({
  name: 'deletion-order',
  summary: 'Lifts an incremental structure by the expected order of deletions.',
  paper: {
    title: 'Fully-dynamic-to-incremental reductions with known deletion order (e.g. sliding window)',
    authors: 'B. Peng, A. Rubinstein',
    arxiv: '2211.05178',
    year: 2022,
  },
  solves: dynamicGraph,
  options,
  create: ({ strict }) =>
    new GraphProcess({
      name: 'deletion-order',
      strict,
      createEngine: (setup) => stackEngine('deletion-order', 'predicted', setup),
    }),
});

/** An incremental structure over a sliding window: the oldest element is expected to go next. */
export const slidingWindow = defineDynamicAlgorithm({
  name: 'sliding-window',
  summary: 'Lifts an incremental structure where the oldest element goes first.',
  solves: dynamicGraph,
  options,
  create: ({ strict }) =>
    new GraphProcess({
      name: 'sliding-window',
      strict,
      createEngine: (setup) => stackEngine('sliding-window', 'fifo', setup),
    }),
});
