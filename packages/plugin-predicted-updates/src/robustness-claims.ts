import { defineClaim, type Measurements } from '@espalier/core';
import { hdtConnectivity, recomputeGraph } from './baselines.js';
import type { GraphUpdate } from './dynamic-graph.js';
import { noisyOrder, randomUpdates } from './generated-workloads.js';
import { predictedUpdates } from './predicted-updates.js';
import { replay, type Workload } from './replay.js';

const LISTS = ['perfect', 'noisy', 'reversed', 'empty'] as const;
/** HDT needs fewer operations an update than the default quantum of 64 has. */
const QUANTUM = { recompute: 64, hdt: 8 } as const;

/** The lists of a sequence, from the best to the worst. */
function expectedBy(name: (typeof LISTS)[number], updates: readonly GraphUpdate[]): readonly GraphUpdate[] {
  if (name === 'perfect') return updates;
  if (name === 'noisy') return noisyOrder(updates, 4, 1);
  return name === 'reversed' ? updates.toReversed() : [];
}

/** Work of the lift alone, of the backstop alone and of both together, under good and adversarial predictions. */
function robustnessClaim(slots: number, name: string, tier: 'quick' | 'full', backstop: 'recompute' | 'hdt') {
  return defineClaim({
    name,
    tier,
    statement: `With ${backstop} as backstop the total work is at most 2.1 times that of the backstop alone, and at most 2.1 times the smaller of both plus a quantum an update, for perfect, noisy, reversed and no predictions (connectivity, T = ${slots}).`,
    paper: {
      figure: 'never worse than the backstop beyond a constant factor; no experiments',
      setting: 'any fully dynamic algorithm as backstop',
    },
    async measure({ seed, signal, onProgress }) {
      const sequence = randomUpdates({ vertices: 300, slots, present: 450, seed });
      const base = { ...sequence, question: { structure: 'connectivity' } };
      const alone = backstop === 'hdt' ? hdtConnectivity.create() : recomputeGraph.create();
      const result: Record<string, number> = {
        slots,
        quantum: QUANTUM[backstop],
        backstop: workOf(alone, base),
      };
      for (const list of LISTS) {
        signal?.throwIfAborted();
        onProgress?.(list);
        const workload = {
          ...base,
          expectations: { predictions: expectedBy(list, sequence.updates), horizon: slots },
        };
        result[`lift@${list}`] = workOf(
          predictedUpdates.create({ lift: 'offline', backstop: 'none' }),
          workload,
        );
        result[`both@${list}`] = workOf(
          predictedUpdates.create({ lift: 'offline', backstop, quantum: QUANTUM[backstop] }),
          workload,
        );
      }
      return result;
    },
    figure: (m) =>
      `work over that of the backstop alone, with and without it: ${LISTS.map(
        (list) =>
          `${list} ${ratio(m, 'both', list).toPrecision(3)} and ${ratio(m, 'lift', list).toPrecision(3)}`,
      ).join(', ')}`,
    judge(m) {
      const overBackstop = Math.max(...LISTS.map((list) => ratio(m, 'both', list)));
      const overBetter = Math.max(...LISTS.map((list) => bound(m, list)));
      const parts = [overBackstop <= 2.1, overBetter <= 2.1];
      return {
        verdict: parts.every(Boolean) ? 'holds' : parts.some(Boolean) ? 'partly' : 'does not hold',
        reason:
          `Total work is at most ${overBackstop.toFixed(2)} times that of the backstop alone and, less ${m.quantum} an update, ` +
          `at most ${overBetter.toFixed(2)} times that of the better one; the lift alone takes up to ${Math.max(...LISTS.map((list) => ratio(m, 'lift', list))).toPrecision(3)} times the backstop.`,
      };
    },
  });
}

/** Work over that of the backstop alone. */
function ratio(m: Measurements, which: 'lift' | 'both', list: string): number {
  return m[`${which}@${list}`]! / m.backstop!;
}

/** (Work of both - quantum an update) over the smaller of the two alone. */
function bound(m: Measurements, list: string): number {
  return (m[`both@${list}`]! - m.quantum! * m.slots!) / Math.min(m[`lift@${list}`]!, m.backstop!);
}

/** The counted work of a whole run. */
function workOf(algorithm: ReturnType<typeof recomputeGraph.create>, workload: Workload): number {
  replay(algorithm, workload);
  return algorithm.statistics!().work as number;
}

export default [
  robustnessClaim(1_024, 'robustness-recompute-1024', 'quick', 'recompute'),
  robustnessClaim(1_024, 'robustness-hdt-1024', 'quick', 'hdt'),
  robustnessClaim(4_096, 'robustness-recompute-4096', 'full', 'recompute'),
  robustnessClaim(4_096, 'robustness-hdt-4096', 'full', 'hdt'),
];
