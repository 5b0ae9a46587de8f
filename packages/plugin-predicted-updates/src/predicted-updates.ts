import { defineDynamicAlgorithm, deriveSeed, type Paper } from '@espalier/core';
import { z } from 'zod';
import { HdtConnectivity } from './backstops/hdt-connectivity.js';
import { Recompute } from './backstops/recompute.js';
import { WithBackstop } from './backstops/with-backstop.js';
import { offlineStructure, type StructureEntry, staticStructure, structureOf } from './catalogue.js';
import { dynamicGraph } from './dynamic-graph.js';
import type { Engine } from './engine.js';
import { type EngineSetup, GraphProcess, unsupportedQuestion } from './graph-process.js';
import { DecrementalLift } from './lifts/decremental-lift.js';
import { IncrementalLift } from './lifts/incremental-lift.js';
import { OfflineLift } from './lifts/offline-lift.js';
import { LogPredictor } from './log-predictor.js';

export const paper: Paper = {
  title:
    'The Predicted-Updates Dynamic Model: Offline, Incremental, and Decremental to Fully Dynamic Transformations',
  authors: 'Q. C. Liu, V. Srinivas',
  arxiv: '2307.08890',
  year: 2024,
};

const options = z.strictObject({
  lift: z
    .enum(['auto', 'offline', 'incremental', 'decremental'])
    .default('auto')
    .describe(
      'Which transformation: offline takes expected events, incremental expected deletions, decremental expected insertions; auto goes by what is given and what the structure has.',
    ),
  backstop: z
    .enum(['auto', 'recompute', 'hdt', 'none'])
    .default('auto')
    .describe(
      'The fully dynamic algorithm beside the lift; auto is hdt for connectivity and recompute otherwise; none leaves the lift alone.',
    ),
  split: z
    .enum(['random', 'midpoint'])
    .default('random')
    .describe('Offline lift: where nodes of the divide tree split; random is the one with a guarantee.'),
  missPolicy: z
    .enum(['rebuild', 'gap'])
    .default('rebuild')
    .describe(
      'Offline lift: an unexpected event shifts all that follows (rebuild), or takes the nearest empty slot, of which every eighth is left (gap).',
    ),
  extension: z
    .enum(['doubling', 'lifetime', 'backstop'])
    .default('doubling')
    .describe(
      'Other lifts: an interval that outlives its expectation gets 1, 2, 4, ... slots more, or its age again, or leaves the lift until it ends.',
    ),
  repair: z
    .enum(['layer', 'exact'])
    .default('layer')
    .describe('Other lifts: an interval that ends early undoes whole layers, or just down to its element.'),
  reserve: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Decremental lift: elements outside the universe that are kept aside before it is rebuilt.'),
  predictor: z
    .enum(['none', 'lifetime-mean', 'lifetime-median', 'periodic'])
    .default('none')
    .describe('Learns lifetimes from the stream itself and expects where nothing else says anything.'),
  quantum: z.number().int().positive().default(64).describe('Work that lift and backstop get in turn.'),
  maxLag: z
    .union([z.literal('auto'), z.number().int().positive()])
    .default('auto')
    .describe('Unfinished updates after which the lift is given up for the epoch; auto is 4 sqrt(horizon).'),
  strict: z
    .boolean()
    .default(true)
    .describe('Refuse to insert a present element or to delete an absent one; false: it takes a slot.'),
});

type Options = z.output<typeof options>;

/** Slots of an epoch where neither predictions nor a horizon are given. */
const DEFAULT_HORIZON = 1_024;

/**
 * Algorithms for dynamic graphs with predicted updates: a simple offline, incremental or decremental structure is lifted to a fully dynamic
 * one. Good predictions bring the cost near that of the simple structure; wrong ones cost time, never a wrong answer; and with a backstop
 * the cost is never more than a constant above that of a classical fully dynamic algorithm.
 * Events and answers: `DynamicGraphEvent`, `DynamicGraphAnswer`.
 * @throws InvalidProblemError for an event that is not possible, UnsupportedError for a lift that a structure does not have
 */
export const predictedUpdates = defineDynamicAlgorithm({
  name: 'predicted-updates',
  summary:
    'Lifts offline, incremental and decremental structures to fully dynamic ones by predicted updates.',
  paper,
  solves: dynamicGraph,
  options,
  examples: {
    default: {},
    'offline lift alone': { lift: 'offline', backstop: 'none' },
    'offline lift with gaps': { lift: 'offline', backstop: 'none', split: 'midpoint', missPolicy: 'gap' },
    'incremental lift alone': { lift: 'incremental', backstop: 'none', predictor: 'lifetime-median' },
    'incremental lift, other variants': {
      lift: 'incremental',
      backstop: 'recompute',
      extension: 'lifetime',
      repair: 'exact',
      predictor: 'periodic',
    },
  },
  create(parsed, services) {
    // Drawn once: reset brings back the same run.
    const seed = deriveSeed(services.random().integer(2 ** 32));
    const { predictor, strict } = parsed;
    return new GraphProcess({
      name: 'predicted-updates',
      strict,
      createEngine: (setup) => createEngine(parsed, setup, seed),
      createPredictor: predictor === 'none' ? undefined : () => new LogPredictor(predictor),
    });
  },
});

function createEngine(parsed: Options, setup: EngineSetup, seed: number): Engine {
  const { universe, question } = setup;
  const entry = structureOf(universe, question);
  const lift = createLift(parsed, setup, entry, seed);
  if (parsed.backstop === 'none') return lift.engine;
  const connectivity = question.structure === 'connectivity';
  if (parsed.backstop === 'hdt' && !connectivity)
    throw unsupportedQuestion('The backstop hdt', question.structure, 'connectivity; take recompute');
  const hdt = connectivity && parsed.backstop !== 'recompute';
  const backstop = hdt ? new HdtConnectivity(universe) : new Recompute(staticStructure(universe, question));
  return new WithBackstop(lift.engine, backstop, {
    quantum: parsed.quantum,
    maxLag: parsed.maxLag === 'auto' ? Math.ceil(4 * Math.sqrt(lift.horizon)) : parsed.maxLag,
    epoch: lift.horizon,
  });
}

interface Lift {
  readonly engine: Engine;
  /** Slots of its first epoch. */
  readonly horizon: number;
}

function createLift(parsed: Options, setup: EngineSetup, entry: StructureEntry, seed: number): Lift {
  const { universe, question, book } = setup;
  const chosen = parsed.lift === 'auto' ? chooseLift(setup, entry) : parsed.lift;
  const horizon =
    setup.horizon ??
    (book.events.length > 0 ? 2 ** Math.ceil(Math.log2(Math.max(16, book.events.length))) : DEFAULT_HORIZON);
  if (chosen === 'offline') {
    const { split, missPolicy } = parsed;
    const structure = offlineStructure(universe, question);
    const engine = new OfflineLift(universe, structure, {
      expected: book.events,
      horizon,
      split,
      missPolicy,
      seed,
    });
    return { engine, horizon };
  }
  const create = () => entry.undo!(universe, question);
  const { extension, repair, reserve } = parsed;
  if (chosen === 'incremental') {
    if (!entry.undo)
      throw unsupportedQuestion(
        'The incremental lift',
        question.structure,
        'structures with insertion and undo',
      );
    return { engine: new IncrementalLift(create, { horizon, seed, extension, repair }), horizon };
  }
  if (!entry.decremental)
    throw unsupportedQuestion('The decremental lift', question.structure, 'structures with removal and undo');
  const firstInsertions = universe.ids.map((_, element) => book.insertionAfter(element, -1));
  const engine = new DecrementalLift(universe, create, {
    horizon,
    seed,
    extension,
    repair,
    reserve,
    firstInsertions,
  });
  return { engine, horizon };
}

/** By what is given: expected events, then what the structure is best at. */
function chooseLift({ book }: EngineSetup, entry: StructureEntry): 'offline' | 'incremental' {
  if (entry.undo && (!entry.offline || book.events.length === 0 || book.onlyDeletions)) return 'incremental';
  return 'offline';
}
