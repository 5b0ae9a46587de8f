import { createRandom, type GoldenFile, type GoldenRunner, type Json, type JsonObject } from '@espalier/core';
import { statedTolerance } from './golden-tolerance.js';
import type { Selector } from './selectors/selector.js';
import { createSelector, selectorSchema } from './selectors/selector-options.js';

type Move = readonly [arm: number, outcome: number];

interface SelectorFile extends GoldenFile {
  readonly arms: number;
  readonly scores: readonly number[];
  readonly binaryScores: readonly number[];
  readonly sequence: readonly Move[];
}

/** For each selector of the file: its policy, the name of the recorded list, and what of its state stands there. */
const RECORDED: Readonly<
  Record<string, { readonly policy: string; readonly list: string; readonly state: string }>
> = {
  AlphaUCB: { policy: 'alpha-ucb', list: 'trace', state: 'values' },
  RouletteWheel: { policy: 'roulette-wheel', list: 'weights', state: 'weights' },
  SegmentedRouletteWheel: {
    policy: 'segmented-roulette-wheel',
    list: 'weightsAtSelection',
    state: 'weights',
  },
  EpsilonGreedy: { policy: 'epsilon-greedy', list: 'means', state: 'means' },
  UCB1: { policy: 'ucb1', list: 'values', state: 'values' },
  Softmax: { policy: 'softmax', list: 'probabilities', state: 'probabilities' },
  Popularity: { policy: 'popularity', list: 'probabilities', state: 'probabilities' },
  ThompsonSampling: { policy: 'thompson-sampling', list: 'posterior', state: 'posterior' },
};

/** What each selector has learnt after each move of one sequence (the segmented wheel: at the selection before it). */
export const selectorTrace: GoldenRunner = {
  async run(given) {
    const file = given as SelectorFile;
    const outputs: Record<string, Json> = {};
    for (const [name, { policy, list, state }] of Object.entries(RECORDED)) {
      const section = file[name] as JsonObject | undefined;
      if (!section) continue;
      const options = selectorSchema.parse({ policy, ...(section.options as JsonObject | undefined) });
      const scores = section.scores === 'binaryScores' ? file.binaryScores : file.scores;
      outputs[name] = {
        [list]: trace(createSelector(options, file.arms), file.sequence, scores, list, state),
      };
    }
    return outputs;
  },
  tolerance: (_path, file) => statedTolerance(file),
};

function trace(
  selector: Selector,
  sequence: readonly Move[],
  scores: readonly number[],
  list: string,
  state: string,
): Json[] {
  const random = createRandom(1);
  return sequence.map(([arm, outcome]) => {
    const chosenBefore = list === 'weightsAtSelection' ? selector.select(random) : undefined;
    const atSelection = chosenBefore === undefined ? undefined : stateOf(selector, state);
    selector.update(arm, scores[outcome]!);
    if (atSelection !== undefined) return atSelection;
    const values = stateOf(selector, state);
    return list === 'trace' ? { values, choice: selector.select(random) } : values;
  });
}

function stateOf(selector: Selector, name: string): Json {
  return (selector.state() as Readonly<Record<string, Json>>)[name]!;
}
