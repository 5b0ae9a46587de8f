import type { CompositeProblem } from './composite-minimization.js';
import { compositeValue } from './composite-value.js';
import { fastBcd } from './fast-bcd.js';
import type { FastBcdOptions } from './fast-bcd-options.js';
import { variablesOf } from './prepare.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import { type ScoredSelection, scoreRule } from './variable-selection.js';

/** A run taken apart. */
export interface GoldenTrace {
  /** F at the start and after each iteration. */
  readonly values: number[];
  /** So many iterations are determined: later ones follow a block that a tie decided and the file does not list. */
  readonly determined: number;
  /** The block of each iteration. */
  readonly blocks: Int32Array[];
  readonly x: Float64Array;
  readonly support: Int32Array;
}

/** Scores that differ by less than this, relative to the largest of the run, are a near tie: then another block is as good. */
const TIE = 1e-9;

/**
 * Runs `iterations` block updates. The rule decides; where its block and the file's differ by near ties alone, the file's is taken, so
 * that what follows can be compared.
 *
 * @param scored how the rule scores single variables, if it does
 */
export async function traceRun(
  problem: CompositeProblem,
  rule: SelectionRule,
  scored: ScoredSelection | undefined,
  listed: readonly (readonly number[])[],
  iterations: number,
  update: FastBcdOptions['update'],
): Promise<GoldenTrace> {
  const blocks: Int32Array[] = [];
  let determined = iterations;
  let scale = 0;
  const scores = scored && scoreRule(scored);
  const selection = (state: SelectionState) => {
    const { block } = rule(state);
    const other = listed[state.iteration];
    const all = scores?.(state);
    scale = all?.reduce((most, score) => Math.max(most, score), scale) ?? scale;
    if (!other && all && isDecidedByTie(all, block, TIE * scale))
      determined = Math.min(determined, state.iteration);
    const chosen = other && all && isTie(all, block, other, TIE * scale) ? Int32Array.from(other) : block;
    blocks.push(chosen.slice());
    return chosen;
  };
  // No tolerance: the files' runs go on to their number of iterations.
  const options = { selection, update, maxIterations: iterations, tolerance: Number.MIN_VALUE };
  const { x, support, history } = await fastBcd.create(options).solve(problem);
  const start = compositeValue(problem, problem.x0 ?? new Float64Array(variablesOf(problem.objective))).value;
  const values = [start, ...history.map(({ value }) => value)];
  while (values.length <= iterations) values.push(values[values.length - 1]);
  return { values, determined, blocks, x, support };
}

/** Whether two blocks of one size have the same scores. */
function isTie(
  scores: Float64Array,
  block: Int32Array,
  other: readonly number[],
  tolerance: number,
): boolean {
  if (other.length !== block.length) return false;
  const sorted = (indices: Iterable<number>) => Float64Array.from(indices, (i) => scores[i]).sort();
  const [ours, theirs] = [sorted(block), sorted(other)];
  return ours.every((score, k) => Math.abs(score - theirs[k]) <= tolerance);
}

/** Whether a variable outside of the block scores as much as the least inside. */
function isDecidedByTie(scores: Float64Array, block: Int32Array, tolerance: number): boolean {
  const inside = new Set(block);
  const least = block.reduce((smallest, i) => Math.min(smallest, scores[i]), Number.POSITIVE_INFINITY);
  return scores.some((score, i) => !inside.has(i) && score >= least - tolerance);
}
