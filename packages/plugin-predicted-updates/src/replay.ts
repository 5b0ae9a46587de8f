import type { DynamicAlgorithm } from '@espalier/core';
import type {
  DynamicGraphAnswer,
  DynamicGraphEvent,
  GraphElement,
  GraphQuestion,
  GraphUpdate,
  StartEvent,
} from './dynamic-graph.js';

/** A graph, a question, what is expected, and what happens. */
export interface Workload {
  readonly vertices: number;
  readonly elements: readonly GraphElement[];
  readonly question: GraphQuestion;
  readonly updates: readonly GraphUpdate[];
  readonly expectations?: Pick<
    StartEvent,
    'predictions' | 'predictedDeletions' | 'predictedInsertions' | 'horizon'
  >;
}

/** The stream of a workload. */
export function streamOf({
  vertices,
  elements,
  question,
  updates,
  expectations,
}: Workload): DynamicGraphEvent[] {
  return [
    { op: 'start', vertices, elements, question, ...expectations },
    ...updates.map(([op, id]): DynamicGraphEvent => ({ op, id })),
  ];
}

/** The answer after each update. */
export function replay(
  algorithm: DynamicAlgorithm<DynamicGraphEvent, DynamicGraphAnswer>,
  workload: Workload,
): DynamicGraphAnswer[] {
  return streamOf(workload)
    .map((event) => algorithm.process(event))
    .slice(1);
}
