import { modelDecreases } from './improvements.js';
import { isAtKink } from './regularizer.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import { simplexSelection } from './simplex-selection.js';
import { topEntries } from './top-entries.js';

/** A block whose matrix is factored never grows beyond this. */
export const LARGEST_FACTORED = 1500;

/**
 * The support, and beside it the variables that promise most by gsq-prox: at least `size` of them, and as many as the support has. The
 * block thus holds the support of the solution soon, whatever its size, which is when projected Newton ends in finitely many steps: the
 * paper's condition tau >= |support| without knowing the support.
 *
 * @param limit where the support would fill more than half of a block of this size, the block is the variables that promise most
 */
export function workingSet(size: number, onSimplex: boolean, limit: number): SelectionRule {
  return (state) => {
    const { x, n } = state.model;
    const supported: number[] = [];
    for (let i = 0; i < n; i++) if (!isAtKink(state.term, i, x[i])) supported.push(i);
    if (supported.length > limit / 2 && n > limit) return { block: best(state, limit, onSimplex) };
    const promise = onSimplex ? state.model.gradient().map((v) => -v) : modelDecreases(state);
    const wanted = Math.min(n, Math.max(size, supported.length));
    const block = new Set(supported);
    for (const i of topEntries(promise, wanted)) if (onSimplex || promise[i] > 0) block.add(i);
    return { block: Int32Array.from(block).sort() };
  };
}

/** Where the support alone would fill a block: the variables that promise most. */
function best(state: SelectionState, size: number, onSimplex: boolean): Int32Array {
  return onSimplex
    ? simplexSelection(state.model.x, state.model.gradient(), size)
    : topEntries(modelDecreases(state), size);
}
