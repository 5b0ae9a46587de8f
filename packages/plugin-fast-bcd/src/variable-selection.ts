import { UnsupportedError } from '@espalier/core';
import { improvements, modelDecreases } from './improvements.js';
import { iterativeHardThresholding } from './iterative-hard-thresholding.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import { simplexSelection } from './simplex-selection.js';
import { topEntries } from './top-entries.js';
import { LARGEST_FACTORED, workingSet } from './working-set.js';

/** Rules for variable blocks; in brackets the paper's names. */
export const VARIABLE_SELECTIONS = [
  'random',
  'cyclic', // Perm
  'lipschitz',
  'gs',
  'gsl', // approximated by GSD
  'gsd',
  'gsd-hb', // GSDHb
  'gsq', // by iterative hard thresholding; with a regularizer as gsq-prox
  'iht',
  'gsq-prox', // gsq-nn, for any separable regularizer
  'working-set', // ours
  'all',
] as const;

export type VariableSelection = (typeof VARIABLE_SELECTIONS)[number];

/**
 * The rule that picks any `size` variables each iteration.
 *
 * @param largest largest working set
 * @throws UnsupportedError where it does not suit the term
 */
export function variableRule(
  name: VariableSelection,
  size: number,
  redraw: 'sweep' | 'n-iterations',
  n: number,
  onSimplex: boolean,
  largest: number = LARGEST_FACTORED,
): SelectionRule {
  const greedy = !['random', 'cyclic', 'lipschitz', 'all', 'working-set'].includes(name);
  if (onSimplex && name !== 'gs' && greedy) {
    throw new UnsupportedError(
      `The selection '${name}' scores variables one by one; on a simplex they move together.`,
      {
        remedy: "Use 'gs', 'working-set', 'random', 'cyclic', 'lipschitz' or 'all'.",
      },
    );
  }
  switch (name) {
    case 'random':
      return ({ random }) => ({ block: distinct(n, size, () => random.uniform()) });
    case 'cyclic':
      return permuted(size, redraw, n);
    case 'lipschitz':
      return ({ model, random }) => ({ block: weighted(model.lipschitz, size, () => random.uniform()) });
    case 'all': {
      // One id: what depends on the block alone is computed once.
      const all = { block: Int32Array.from({ length: n }, (_, i) => i), id: 0 };
      return () => all;
    }
    case 'working-set':
      return workingSet(size, onSimplex, largest);
    case 'gs':
      return onSimplex
        ? ({ model }) => ({ block: simplexSelection(model.x, model.gradient(), size) })
        : byScore('gs', size);
    case 'gsl':
    case 'gsd':
    case 'gsd-hb':
    case 'gsq-prox':
      return byScore(name, size);
    case 'gsq':
    case 'iht': {
      const iht = iterativeHardThresholding(size);
      return (state) => {
        if (state.term.separable.absent) return iht(state);
        if (name === 'gsq') return { block: topEntries(modelDecreases(state), size) };
        throw new UnsupportedError("The selection 'iht' is made for objectives without a regularizer.", {
          remedy: "Use 'gsq-prox'.",
        });
      };
    }
  }
}

/** Rules that score each variable for itself. */
export type ScoredSelection = 'gs' | 'gsl' | 'gsd' | 'gsd-hb' | 'gsq-prox';

function byScore(name: ScoredSelection, size: number): SelectionRule {
  const scores = scoreRule(name);
  return (state) => ({ block: topEntries(scores(state), size) });
}

/** The scores of all variables by a rule; the largest are selected. */
export function scoreRule(name: ScoredSelection): (state: SelectionState) => Float64Array {
  let rowSums: Float64Array | undefined;
  switch (name) {
    case 'gs':
      return (state) => improvements(state).map(Math.abs);
    case 'gsl':
    case 'gsd':
      return (state) => scaled(improvements(state), state.lipschitz);
    case 'gsd-hb':
      return (state) => {
        rowSums ??= state.model.boundRowSums();
        return scaled(improvements(state), rowSums);
      };
    case 'gsq-prox':
      return modelDecreases;
  }
}

/** |s_i| / sqrt(L_i), 0 where L_i is: an empty column is never selected for what it promises. */
function scaled(s: Float64Array, lipschitz: Float64Array): Float64Array {
  const scores = new Float64Array(s.length);
  for (let i = 0; i < s.length; i++) {
    if (lipschitz[i] > 0) scores[i] = Math.abs(s[i]) / Math.sqrt(lipschitz[i]);
  }
  return scores;
}

/** Consecutive runs of a random permutation, drawn anew when it is used up (or every n iterations, as the reference code does). */
function permuted(size: number, redraw: 'sweep' | 'n-iterations', n: number): SelectionRule {
  const runs = Math.ceil(n / size);
  const period = redraw === 'sweep' ? runs : n;
  let order: Int32Array = new Int32Array(0);
  return ({ iteration, random }) => {
    if (iteration % period === 0) order = random.sample(n, n);
    const run = (iteration % period) % runs;
    return { block: order.slice(run * size, (run + 1) * size).sort() };
  };
}

/** `count` distinct numbers below n, uniformly, ascending (Floyd): no list of all n. */
function distinct(n: number, count: number, uniform: () => number): Int32Array {
  const chosen = new Set<number>();
  for (let limit = n - count; limit < n; limit++) {
    const candidate = Math.floor(uniform() * (limit + 1));
    chosen.add(chosen.has(candidate) ? limit : candidate);
  }
  return Int32Array.from(chosen).sort();
}

/** `count` without replacement, each time with probability proportional to its weight: the largest keys log(u)/w (Efraimidis, Spirakis). */
function weighted(weights: Float64Array, count: number, uniform: () => number): Int32Array {
  const keys = weights.map((w) => (w > 0 ? Math.log(1 - uniform()) / w : -Number.MAX_VALUE));
  return topEntries(keys, count);
}
