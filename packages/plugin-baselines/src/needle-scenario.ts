import { defineScenario, type Instance, type Scenario, UnsupportedError } from '@espalier/core';
import { type NeedleCell, type NeedleOptions, needleGrid, needleTask } from '@espalier/models';
import { fitsInto, type Load, withinBytes } from './byte-budget.js';
import { cacheOf, cacheOptions } from './cache-options.js';

/** Bytes that a cache may take after the prompt, over those of keys and values in float32. */
const SHARES = [0.5, 0.25, 0.125];
const STRUCTURES = ['plain', 'realistic'] as const;
/** Of the attention of the prompt's last queries, on the needle: nothing, and what a method that looks at them can know. */
const HINTS = [0, 0.2];
const LENGTHS = [1024, 4096, 16_384];
const TENTHS = Array.from({ length: 11 }, (_, i) => i / 10);
/** Attention of a prompt takes time with the square of its length: longer ones have fewer cells. */
const LONG = 4096;
const gridOf = (length: number) =>
  length > LONG ? { depths: [0, 0.5, 1], heads: 2 } : { depths: TENTHS, heads: 4 };

/** The instance; needles are made when they are looked for. */
export interface NeedleScenarioTask {
  readonly instance: Instance;
}

/**
 * All key-value caches in the same bytes, at the level of attention, without a model: the share of needles that a question finds again in
 * long prompts, over lengths, depths, and with or without a hint in the last queries of the prompt. Heads of clustered keys alone, and heads
 * as those of trained models, which also look at sinks and at what is near. Full suite only.
 */
export const findNeedles: Scenario<NeedleScenarioTask> = defineScenario({
  name: 'find-needles',
  summary:
    'Share of needles that attention finds in up to 16,384 tokens through a key-value cache, at equal bytes: shares of keys and values in float32.',
  kind: 'kv-compressor',
  score: { name: 'success', direction: 'maximize' },
  takes: ({ kind }) => kind === 'kv-compressor',
  instances: async ({ suite }) =>
    suite === 'full'
      ? STRUCTURES.flatMap((structure) =>
          SHARES.map((bytes) => ({
            name: `${structure} heads, ${100 * bytes} % of the bytes`,
            source: 'generated' as const,
            parameters: { structure, bytes, lengths: LENGTHS },
            timeLimitMs: 900_000,
          })),
        )
      : [],
  options: cacheOptions,
  load: async (instance) => ({ instance }),
  accepts: (algorithm, { instance }, options = {}) =>
    fitsInto(cacheOf(algorithm), options, loadOf(instance), shareOf(instance)),
  async run(algorithm, options, { instance }, trial) {
    const [load, share] = [loadOf(instance), shareOf(instance)];
    const budgeted = trial.untimed(() =>
      withinBytes(cacheOf(algorithm), options, trial.services, load, share),
    );
    if (typeof budgeted === 'string') throw new UnsupportedError(budgeted);
    const { compressor, budget } = budgeted;
    const found: Found[] = [];
    for (const length of lengthsOf(instance))
      for (const hint of HINTS) {
        const task = { ...gridOf(length), hint, structure: structureOf(instance) };
        for (const cell of await needleGrid(compressor, { ...task, lengths: [length] }, trial.run))
          found.push({ ...cell, hint });
        trial.point(successOf(found), found.length);
      }
    return {
      score: successOf(found),
      metrics: {
        ...budgetMetric(budget),
        shareOfFloat32Bytes: mean(found.map(({ bytes, denseBytes }) => bytes / denseBytes)),
        ...successBy(found, 'Hint', HINTS, ({ hint }) => hint, 100),
        ...successBy(found, 'Length', lengthsOf(instance), ({ length }) => length),
        ...successBy(found, 'Depth', TENTHS, ({ depth }) => depth, 100),
      },
      stopped: 'finished',
    };
  },
});

interface Found extends NeedleCell {
  readonly hint: number;
}

/** Every cell counts alike, however many heads it has. */
const successOf = (cells: readonly Found[]): number => mean(cells.map(({ success }) => success));

/** The success of the cells of each value, named after the value (in hundredths, where it is a share). */
function successBy(
  cells: readonly Found[],
  name: string,
  values: readonly number[],
  of: (cell: Found) => number,
  unit = 1,
): Record<string, number> {
  return Object.fromEntries(
    values.map((value) => [
      `successAt${name}${Math.round(unit * value)}`,
      successOf(cells.filter((cell) => of(cell) === value)),
    ]),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const budgetMetric = (budget: number | undefined) => (budget === undefined ? {} : { budgetOption: budget });

const structureOf = ({ parameters }: Instance) =>
  parameters['structure'] as NonNullable<NeedleOptions['structure']>;

const lengthsOf = ({ parameters }: Instance) => parameters['lengths'] as unknown as [number, ...number[]];

const shareOf = ({ parameters }: Instance): number => Number(parameters['bytes']);

/** The shortest prompt: at greater lengths the same budget is at most the same share of the bytes. */
function loadOf(instance: Instance): Load {
  const [length] = lengthsOf(instance);
  const { shape } = needleTask({ length, depth: 0, structure: structureOf(instance) });
  return { shape, prompt: length, decoded: 0 };
}
