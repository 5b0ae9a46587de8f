import type { RandomSource } from '@espalier/core';
import { InvalidOptionsError, UnsupportedError } from '@espalier/core';
import type { FastBcdOptions, OwnSelection } from './fast-bcd-options.js';
import { fixedRule } from './fixed-selection.js';
import { type GraphSelection, graphRule, isGraphSelection } from './graph-selection.js';
import { customPartition, fixedPartition } from './partition.js';
import type { Term } from './regularizer.js';
import type { SelectionRule } from './selection-state.js';
import type { SmoothModel } from './smooth-model.js';
import type { UpdateName } from './step-rules.js';
import { type VariableSelection, variableRule } from './variable-selection.js';
import { LARGEST_FACTORED } from './working-set.js';

/** What a run does, all options decided. */
export interface Settings {
  readonly select: SelectionRule;
  /** Whether the rule looks at the whole gradient: then the optimality costs nothing more. */
  readonly greedy: boolean;
  readonly update: UpdateName;
  /** The nominal size of a block. */
  readonly blockSize: number;
}

/** Rules that choose without the gradient. */
const BLIND: readonly string[] = [
  'random',
  'cyclic',
  'lipschitz',
  'red-black',
  'tree-partitions',
  'random-tree',
];
/** A graph with at most so many entries a row counts as sparse: forests cover much of it. */
const SPARSE_DEGREE = 16;
/** Up to so many variables, all of them are one block. */
const ALL_AT_ONCE = 500;
/** Automatic sizes of blocks: for matrix updates, for gradient updates, and new variables of a working set. */
const MATRIX_BLOCK = 128;
const GRADIENT_BLOCK = 16;
const WORKING_SET = 64;

/**
 * Decides what is `auto` and makes the selection rule.
 * @throws InvalidOptionsError, UnsupportedError for combinations that do not exist
 */
export function settingsOf(
  options: FastBcdOptions,
  model: SmoothModel,
  term: Term,
  random: RandomSource,
): Settings {
  const { n } = model;
  const onSimplex = term.total !== undefined;
  const fixed = options.partition !== 'auto' && options.partition !== 'variable';
  const selection =
    options.selection === 'auto' ? automaticSelection(options, model, term, fixed) : options.selection;
  const update = options.update === 'auto' ? automaticUpdate(selection, model, term) : options.update;
  assertSuits(update, term);
  const blockSize = sizeOf(options.blockSize, selection, update, n, onSimplex);
  if (typeof selection === 'function') return { select: own(selection, n), greedy: true, update, blockSize };
  const greedy = !BLIND.includes(selection);
  if (isGraphSelection(selection)) {
    if (fixed) throw notWith(selection, 'brings its own blocks');
    const limit = options.maxBlockSize ?? n;
    return { select: graphRule(selection, model, options.graphOrder, limit), greedy, update, blockSize };
  }
  if (!fixed) {
    // Sweeps make no matrix: their working set may hold any support.
    const largest = update === 'coordinate-sweeps' ? Number.POSITIVE_INFINITY : LARGEST_FACTORED;
    const select = variableRule(selection, blockSize, options.redraw, n, onSimplex, largest);
    return { select, greedy, update, blockSize };
  }
  const { partition } = options;
  const blocks =
    typeof partition === 'string'
      ? fixedPartition(partition as Exclude<typeof partition, 'auto' | 'variable'>, model, blockSize, random)
      : customPartition(partition, n);
  return { select: fixedRule(selection, blocks, options.blockNorm, onSimplex), greedy, update, blockSize };
}

/** The working set with a regularizer, everything at once where that is little, forests on sparse graphs, else GSD. */
function automaticSelection(
  { update, partition }: FastBcdOptions,
  model: SmoothModel,
  { separable, total }: Term,
  fixed: boolean,
): VariableSelection | GraphSelection {
  if (fixed) return total !== undefined ? 'cyclic' : separable.absent ? 'gsl' : 'gsq-prox';
  if (update === 'message-passing') return 'tree-partitions';
  if (!separable.absent) return 'working-set';
  const { graph, n } = model;
  if (n <= ALL_AT_ONCE) return 'all';
  const sparse = graph !== undefined && graph.values.length <= SPARSE_DEGREE * n;
  return sparse && update === 'auto' && partition === 'auto' ? 'tree-partitions' : 'gsd';
}

function automaticUpdate(
  selection: VariableSelection | GraphSelection | OwnSelection,
  model: SmoothModel,
  { separable, total }: Term,
): UpdateName {
  if (selection === 'gs-exact-tree' || selection === 'gsl-exact-tree') return 'exact';
  if (typeof selection === 'string' && isGraphSelection(selection)) return 'message-passing';
  if (!canSecondOrder(model)) return 'lipschitz-approximation';
  if (separable.absent) return model.quadratic ? 'matrix' : 'newton';
  const sweeps = selection === 'working-set' && model.columns && total === undefined;
  return sweeps ? 'coordinate-sweeps' : 'projected-newton';
}

/** Whether the objective tells its Hessian: all built-in ones do. */
function canSecondOrder(model: SmoothModel): boolean {
  try {
    model.hessian(Int32Array.of(0));
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

function assertSuits(update: UpdateName, { separable, total }: Term): void {
  if (update === 'message-passing' && !separable.absent) {
    throw new UnsupportedError(
      "The update 'message-passing' solves linear systems; it takes no regularizer.",
      {
        remedy: "Use 'projected-newton', or drop the regularizer.",
      },
    );
  }
  if (update === 'diagonal' && total !== undefined) {
    throw new UnsupportedError(
      "The update 'diagonal' moves variables one by one; on a simplex they move together.",
      {
        remedy: "Use 'gradient' or 'projected-newton'.",
      },
    );
  }
}

function sizeOf(
  given: number | 'auto',
  selection: VariableSelection | GraphSelection | OwnSelection,
  update: UpdateName,
  n: number,
  onSimplex: boolean,
): number {
  if (selection === 'all') return n;
  if (given === 'auto') {
    if (selection === 'working-set') return Math.min(n, WORKING_SET);
    const second = ['matrix', 'newton', 'projected-newton', 'two-metric', 'exact'].includes(update);
    return Math.min(n, second ? MATRIX_BLOCK : GRADIENT_BLOCK);
  }
  if (given > n) {
    throw new InvalidOptionsError(`The option 'blockSize' is ${given}; the problem has ${n} variables only.`);
  }
  if (onSimplex && given < Math.min(2, n)) {
    throw new InvalidOptionsError(
      "On a simplex the option 'blockSize' is at least 2: one variable cannot move alone.",
    );
  }
  return given;
}

/** The user's rule, its blocks checked. */
function own(selection: OwnSelection, n: number): SelectionRule {
  return (state) => {
    const block = selection(state);
    const valid =
      block instanceof Int32Array &&
      block.length > 0 &&
      block.every((i) => i >= 0 && i < n) &&
      new Set(block).size === block.length;
    if (valid) return { block };
    throw new InvalidOptionsError(
      `The selection function must return an Int32Array of distinct indices from 0 to ${n - 1}; given ${String(block)}.`,
    );
  };
}

function notWith(selection: string, why: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `The selection '${selection}' ${why}; leave the option 'partition' at 'auto'.`,
  );
}
