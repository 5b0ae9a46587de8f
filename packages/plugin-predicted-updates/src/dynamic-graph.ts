import { defineProblemFamily, type Json } from '@espalier/core';
import { readStream, readUpdateLog } from './update-log.js';

/** Names an element (an edge that may come and go): an integer or a non-empty text. */
export type ElementId = number | string;

/** One edge of the universe: between vertices u and v of 0..n-1; self loops and parallel edges are allowed. */
export interface GraphElement {
  readonly id: ElementId;
  /** Tail, for directed questions; the left vertex for bipartite ones. */
  readonly u: number;
  readonly v: number;
  /** A non-negative safe integer (length, cost, capacity); default 1. All weights together stay below 2^53. */
  readonly weight?: number;
}

/** What is expected or what happens in one slot. */
export type GraphUpdate = readonly [op: 'ins' | 'del', id: ElementId];

/** A name and its arguments, e.g. `['connected', 3, 7]`; the README lists those of each structure. */
export type GraphQuery = readonly [name: string, ...args: ElementId[]];

/** What is asked of the graph after every event. */
export interface GraphQuestion {
  /** A name of the catalogue, e.g. `connectivity`. */
  readonly structure: string;
  /** For `k-edge-connectivity` (2 where absent) and `k-core` (2 where absent); a positive integer. */
  readonly k?: number;
  /** For `max-flow`. */
  readonly source?: number;
  readonly sink?: number;
  /** Answered after every event, in this order. Pair structures keep watched vertices at hand, so that this is cheap. */
  readonly watch?: readonly GraphQuery[];
}

/** The first event of a stream: the universe, what is asked, and what is expected. */
export interface StartEvent {
  readonly op: 'start';
  /** Number of vertices, at least 1. */
  readonly vertices: number;
  readonly elements: readonly GraphElement[];
  readonly question: GraphQuestion;
  /** Entry i: what is expected in slot i, null: nothing known. May be wrong, incomplete, too long, inconsistent. */
  readonly predictions?: readonly (GraphUpdate | null)[];
  /** Expected deletion slots, for the incremental lift; several of one element in order of time. */
  readonly predictedDeletions?: readonly (readonly [id: ElementId, slot: number])[];
  /** Expected insertion slots, for the decremental lift. */
  readonly predictedInsertions?: readonly (readonly [id: ElementId, slot: number])[];
  /** Slots of the first epoch; default: the predicted events, rounded up to a power of two, at least 16. */
  readonly horizon?: number;
}

/** An element comes. `element` brings one that the universe did not have. */
export interface InsertEvent {
  readonly op: 'ins';
  readonly id: ElementId;
  readonly element?: Omit<GraphElement, 'id'>;
  /** The slot in which it is expected to go; null: nothing known. */
  readonly predictedDeletion?: number | null;
}

/** An element goes. */
export interface DeleteEvent {
  readonly op: 'del';
  readonly id: ElementId;
  /** The slot in which it is expected to come back; null: not any more. */
  readonly predictedInsertion?: number | null;
}

/** Asks something of the graph as it is; takes no slot. */
export interface QueryEvent {
  readonly op: 'query';
  readonly query: GraphQuery;
}

/** What a dynamic graph algorithm reads. Updates take slots 0, 1, 2, ...; a start event begins anew. */
export type DynamicGraphEvent = StartEvent | InsertEvent | DeleteEvent | QueryEvent;

/** The answer to a question about the graph. */
export type GraphValue = null | boolean | number | readonly ElementId[] | readonly (readonly number[])[];

/** The answer to one event. */
export interface DynamicGraphAnswer {
  /** After an update: the structure's value (null where it only answers queries); after a query: its answer. */
  readonly value: GraphValue;
  /** Answers to the watched queries; after updates, where there are any. */
  readonly watched?: readonly GraphValue[];
}

/** The problem family: any package can bring an algorithm by naming this token in `solves`. */
export const dynamicGraph = defineProblemFamily<readonly DynamicGraphEvent[], readonly DynamicGraphAnswer[]>({
  name: 'dynamic-graph',
  summary: 'A graph whose edges come and go: one question, answered after every event.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'a list of events: the start event with vertices, elements and question first, then ins, del, query',
      read: readStream,
    },
    {
      extensions: ['csv'],
      summary: 'a log with the columns time,op,u,v[,w]; the question is the number of components',
      read: (bytes) => readUpdateLog(new TextDecoder().decode(bytes)).events,
    },
  ],
  solutionToJson: (answers) =>
    answers.map(({ value, watched }) => ({ value, ...(watched && { watched }) })) as Json,
});
