import type { RandomSource } from '@espalier/core';
import type { DynamicFixture } from '@espalier/testkit';
import { BruteForce } from '../src/brute-force.js';
import type {
  DynamicGraphAnswer,
  DynamicGraphEvent,
  ElementId,
  GraphElement,
  GraphQuery,
  GraphQuestion,
} from '../src/index.js';

/** A start event and random updates and queries over a few vertices, with a random sort of predictions. */
export function randomStream(
  random: RandomSource,
  question: GraphQuestion,
  queries: (u: number, v: number) => readonly GraphQuery[],
  vertices = 7,
): DynamicGraphEvent[] {
  const elements: GraphElement[] = Array.from({ length: 14 }, (_, id) => ({
    id,
    u: random.integer(vertices),
    v: random.integer(vertices),
    weight: random.integer(5),
  }));
  const present = new Set<ElementId>();
  const updates = Array.from({ length: 40 }, () => {
    const { id } = elements[random.integer(elements.length)]!;
    const op = present.has(id) ? 'del' : 'ins';
    if (op === 'ins') present.add(id);
    else present.delete(id);
    return [op, id] as const;
  });
  const sort = random.integer(4);
  const predictions =
    sort === 0
      ? { predictions: updates }
      : sort === 1
        ? { predictions: updates.toReversed(), horizon: 16 }
        : sort === 2
          ? { predictedDeletions: updates.flatMap(([, id], i) => [[id, i + random.integer(6)] as const]) }
          : {};
  const events: DynamicGraphEvent[] = [{ op: 'start', vertices, elements, question, ...predictions }];
  for (const [op, id] of updates) {
    events.push({ op, id });
    if (random.integer(4) === 0)
      for (const query of queries(random.integer(vertices), random.integer(vertices)))
        events.push({ op: 'query', query });
  }
  return events;
}

/** The answers to a stream, from the definition. */
export function bruteForce(events: readonly DynamicGraphEvent[]): DynamicGraphAnswer[] {
  let vertices = 0;
  let question: GraphQuestion = { structure: '' };
  const known = new Map<ElementId, GraphElement>();
  const present = new Map<ElementId, GraphElement>();
  return events.map((event) => {
    if (event.op === 'start') {
      ({ vertices, question } = event);
      known.clear();
      present.clear();
      for (const element of event.elements) known.set(element.id, element);
    }
    if (event.op === 'ins') {
      if (event.element) known.set(event.id, { ...event.element, id: event.id });
      present.set(event.id, known.get(event.id)!);
    }
    if (event.op === 'del') present.delete(event.id);
    const graph = new BruteForce(vertices, [...present.values()]);
    if (event.op === 'query') return { value: graph.answer(event.query, question) };
    const watched = question.watch?.map((query) => graph.answer(query, question));
    return { value: graph.value(question), ...(watched && watched.length > 0 && { watched }) };
  });
}

const start: DynamicGraphEvent = {
  op: 'start',
  vertices: 3,
  elements: [
    { id: 'a', u: 0, v: 1 },
    { id: 'b', u: 1, v: 2 },
  ],
  question: { structure: 'connectivity' },
};

/** What every algorithm of the family is tried on: connectivity with `connected` queries. */
export const graphFixture: DynamicFixture<DynamicGraphEvent, DynamicGraphAnswer> = {
  events: (random) =>
    randomStream(random, { structure: 'connectivity', watch: [['connected', 0, 1]] }, (u, v) => [
      ['connected', u, v],
    ]),
  bruteForce,
  streams: 25,
  invalid: {
    'an update before the start': [{ op: 'ins', id: 'a' }],
    'an insertion of a present element': [start, { op: 'ins', id: 'a' }, { op: 'ins', id: 'a' }],
    'a deletion of an absent element': [start, { op: 'ins', id: 'a' }, { op: 'del', id: 'b' }],
    'an element that the universe does not have': [start, { op: 'ins', id: 'z' }],
    'a new element with a vertex that is none': [start, { op: 'ins', id: 'z', element: { u: 0, v: 3 } }],
    'a known element with other ends': [start, { op: 'ins', id: 'a', element: { u: 0, v: 2 } }],
    'a predicted slot that is NaN': [start, { op: 'ins', id: 'a', predictedDeletion: Number.NaN }],
    'an unknown query': [start, { op: 'query', query: ['bipartite'] }],
    'a query about a vertex that is none': [start, { op: 'query', query: ['connected', 0, 9] }],
    'no vertices': [{ ...start, vertices: 0 }],
    'a fractional weight': [start, { ...start, elements: [{ id: 0, u: 0, v: 1, weight: 0.5 }] }],
    'an infinite weight': [start, { ...start, elements: [{ id: 0, u: 0, v: 1, weight: 1 / 0 }] }],
    'weights beyond 2^53': [
      start,
      {
        ...start,
        elements: [0, 1].map((id) => ({ id, u: 0, v: 1, weight: Number.MAX_SAFE_INTEGER })),
      },
    ],
    'one id twice': [start, { ...start, elements: [0, 0].map((id) => ({ id, u: 0, v: 1 })) }],
    'an unknown structure': [start, { ...start, question: { structure: 'conectivity' } }],
    'a watched query that is unknown': [
      start,
      { ...start, question: { structure: 'connectivity', watch: [['bridge']] } },
    ],
    'a horizon of no slots': [start, { ...start, horizon: 0 }],
    'a prediction that is none': [start, { ...start, predictions: [['move', 'a'] as never] }],
  },
};
