import { createRandom, noDataFiles } from '@espalier/core';
import { describe, expect, it, vi } from 'vitest';
import { STRUCTURES } from '../src/catalogue.js';
import { bruteForceAnswers, offlineLiftWork, queriesOf } from '../src/claim-runs.js';
import claims from '../src/claims.js';
import {
  type DynamicGraphEvent,
  deletionOrder,
  type GraphQuestion,
  hdtConnectivity,
  noisyOrder,
  predictedUpdates,
  randomUpdates,
  recomputeGraph,
  replay,
  slidingWindow,
  solveOffline,
} from '../src/index.js';

// Brute force on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

type Options = NonNullable<Parameters<typeof predictedUpdates.create>[0]>;

const OFFLINE: Options[] = [
  { lift: 'offline', backstop: 'none' },
  { lift: 'offline', backstop: 'none', split: 'midpoint', missPolicy: 'gap' },
  { lift: 'offline', backstop: 'recompute', quantum: 5, maxLag: 3 },
];
const INCREMENTAL: Options[] = [
  { lift: 'incremental', backstop: 'none' },
  { lift: 'incremental', backstop: 'none', extension: 'lifetime', repair: 'exact', predictor: 'periodic' },
  { lift: 'incremental', backstop: 'recompute', extension: 'backstop', quantum: 2, maxLag: 2 },
];
const DECREMENTAL: Options[] = [
  { lift: 'decremental', backstop: 'none' },
  { lift: 'decremental', backstop: 'recompute', repair: 'exact', extension: 'backstop', quantum: 3 },
];

describe.each(Object.entries(STRUCTURES))('%s', (structure, entry) => {
  it('equals brute force under every lift and every sort of prediction', () => {
    const random = createRandom(structure.length);
    const algorithms = [
      ...OFFLINE,
      ...(entry.undo ? INCREMENTAL : []),
      ...(entry.decremental ? DECREMENTAL : []),
    ];
    for (let round = 0; round < 5; round++) {
      const vertices = 1 + random.integer(10);
      const sequence = randomUpdates({
        vertices,
        slots: 90,
        seed: random.integer(2 ** 31),
        present: random.integer(2 * vertices),
        maxWeight: 5,
      });
      const [sink, k] = [vertices - 1, 1 + random.integer(5)];
      if (structure === 'max-flow' && sink === 0) continue;
      const watch = queriesOf(structure, random.integer(vertices), random.integer(vertices));
      const question: GraphQuestion = { structure, k, source: 0, sink, watch };
      const expected = bruteForceAnswers(vertices, sequence.elements, sequence.updates, question);
      for (const options of algorithms) {
        for (const expectations of [
          { predictions: sequence.updates },
          { predictions: noisyOrder(sequence.updates, 3, round) },
          { predictions: sequence.updates.toReversed(), horizon: 32 },
          { predictions: sequence.updates.map((update, i) => (i % 3 === 0 ? null : update)) },
          {},
        ]) {
          const answers = replay(predictedUpdates.create(options), { ...sequence, question, expectations });
          expect(answers.map((answer) => JSON.stringify(answer))).toEqual(expected);
        }
      }
    }
  });

  it('answers queries that it was not told of, and refuses others', () => {
    const random = createRandom(3);
    const vertices = 8;
    const sequence = randomUpdates({ vertices, slots: 60, seed: 5, present: 12, maxWeight: 4 });
    const algorithm = predictedUpdates.create({ lift: 'offline', backstop: 'none' });
    const question: GraphQuestion = { structure, k: 2, source: 0, sink: 7 };
    algorithm.process({ op: 'start', ...sequence, question, predictions: sequence.updates });
    sequence.updates.forEach(([op, id], slot) => {
      algorithm.process({ op, id });
      for (const query of queriesOf(structure, random.integer(vertices), random.integer(vertices))) {
        const asked = { ...question, watch: [query] };
        const [expected] = bruteForceAnswers(
          vertices,
          sequence.elements,
          sequence.updates.slice(0, slot + 1),
          asked,
        ).slice(-1);
        const { value } = algorithm.process({ op: 'query', query });
        expect(value).toEqual(JSON.parse(expected!).watched[0]);
      }
    });
    expect(() => algorithm.process({ op: 'query', query: ['no-such-query'] })).toThrow(
      expect.objectContaining({ code: 'invalid-problem' }),
    );
  });
});

describe('baselines', () => {
  const sequence = randomUpdates({ vertices: 60, slots: 600, seed: 2, present: 90 });
  const question: GraphQuestion = { structure: 'connectivity' };
  const predictedDeletions = sequence.updates.flatMap(([op, id], slot) =>
    op === 'del' ? [[id, slot] as const] : [],
  );
  const expected = bruteForceAnswers(60, sequence.elements, sequence.updates, question);

  it.each([hdtConnectivity, recomputeGraph, deletionOrder, slidingWindow])('$name is exact', (baseline) => {
    const workload = { ...sequence, question, expectations: { predictedDeletions } };
    expect(replay(baseline.create(), workload).map((answer) => JSON.stringify(answer))).toEqual(expected);
  });

  it('agree with the offline algorithm, which knows the future', () => {
    const { values } = solveOffline(60, sequence.elements, question, sequence.updates);
    expect(values.map((value) => JSON.stringify({ value }))).toEqual(expected);
  });

  it('need few insertions where the expected order of deletions is right', () => {
    const inserts = (baseline: typeof deletionOrder | typeof slidingWindow) => {
      const algorithm = baseline.create();
      replay(algorithm, { ...sequence, question, expectations: { predictedDeletions } });
      return algorithm.statistics!().inserts as number;
    };
    expect(inserts(deletionOrder)).toBeLessThan(600 * Math.log2(600));
    // First in, first out: every element is inserted O(log n) times.
    const algorithm = slidingWindow.create();
    const updates = Array.from({ length: 2_000 }, (_, slot) =>
      slot < 100
        ? (['ins', slot] as const)
        : ([
            slot % 2 === 0 ? 'ins' : 'del',
            slot % 2 === 0 ? 100 + (slot - 100) / 2 : (slot - 101) / 2,
          ] as const),
    );
    const elements = Array.from({ length: 1_100 }, (_, id) => ({ id, u: id % 60, v: (id * 7) % 60 }));
    replay(algorithm, { vertices: 60, elements, updates, question });
    expect(algorithm.statistics!().inserts).toBeLessThan(2_000 * Math.log2(100));
  });
});

describe('the process', () => {
  const sequence = randomUpdates({ vertices: 50, slots: 500, seed: 8, present: 60 });
  const workload = {
    ...sequence,
    question: { structure: 'connectivity' },
    expectations: { predictions: noisyOrder(sequence.updates, 5, 1) },
  };

  it('does the same work again after reset, and other work with another seed', () => {
    const statistics = (algorithm: ReturnType<typeof predictedUpdates.create>) => {
      replay(algorithm, workload);
      return algorithm.statistics!();
    };
    const algorithm = predictedUpdates.create({ lift: 'offline' });
    const first = statistics(algorithm);
    algorithm.reset();
    expect(statistics(algorithm)).toEqual(first);
    const other = predictedUpdates.create({ lift: 'offline' }, { random: () => createRandom(99) });
    expect(statistics(other)).not.toEqual(first);
  });

  it('takes new elements with their insertion, under every lift', () => {
    const question = { structure: 'k-core', k: 2 };
    for (const lift of ['offline', 'incremental', 'decremental'] as const) {
      for (const reserve of [0, 3]) {
        const algorithm = predictedUpdates.create({ lift, backstop: 'none', reserve });
        algorithm.process({ op: 'start', vertices: 4, elements: [{ id: 0, u: 0, v: 1 }], question });
        const values = (
          [
            { op: 'ins', id: 0 },
            { op: 'ins', id: 'x', element: { u: 1, v: 2 } },
            { op: 'ins', id: 'y', element: { u: 2, v: 0 } },
            { op: 'del', id: 'x' },
            { op: 'ins', id: 'x' },
            { op: 'ins', id: 'z', element: { u: 3, v: 2, weight: 2 } },
            { op: 'ins', id: 'w', element: { u: 3, v: 1 } },
            { op: 'del', id: 0 },
          ] satisfies DynamicGraphEvent[]
        ).map((event) => algorithm.process(event).value);
        expect(values, `${lift} ${reserve}`).toEqual([0, 0, 3, 0, 3, 3, 4, 3]);
      }
    }
  });

  it('lets impossible updates take a slot where it is not strict', () => {
    const algorithm = predictedUpdates.create({ strict: false, lift: 'offline' });
    const elements = [{ id: 'a', u: 0, v: 1 }];
    algorithm.process({ op: 'start', vertices: 2, elements, question: workload.question });
    const ops = ['del', 'ins', 'ins', 'del', 'del'] as const;
    expect(ops.map((op) => algorithm.process({ op, id: 'a' }).value)).toEqual([2, 1, 1, 2, 2]);
  });

  it('says which lift a structure does not have', () => {
    const start = { op: 'start', vertices: 3, elements: [] } as const;
    for (const [options, structure] of [
      [{ lift: 'incremental' }, 'bridges'],
      [{ lift: 'decremental' }, 'connectivity'],
      [{ backstop: 'hdt' }, 'bridges'],
    ] as const)
      expect(() => predictedUpdates.create(options).process({ ...start, question: { structure } })).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      );
  });
});

describe('work', () => {
  it('of perfect predictions is that of the offline algorithm: one pass over the divide tree', () => {
    const sequence = randomUpdates({ vertices: 100, slots: 1_024, seed: 4 });
    const { nodes, misses, l1 } = offlineLiftWork(sequence, sequence.updates, 1);
    expect([nodes, misses, l1]).toEqual([2 * 1_024 - 1, 0, 0]);
  });

  it('keeps the bounds that the quick claims name', async () => {
    for (const claim of claims.filter(({ tier }) => tier === 'quick')) {
      const services = { random: createRandom, clock: performance } as never;
      const measured = await claim.measure({ seed: 11, data: noDataFiles, services });
      expect(claim.judge(measured), claim.name).toMatchObject({ verdict: 'holds' });
    }
  }, 60_000);
});
