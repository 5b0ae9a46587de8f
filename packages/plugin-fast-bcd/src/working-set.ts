import { modelDecreases } from './improvements.js';
import { isAtKink } from './regularizer.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import { simplexSelection } from './simplex-selection.js';
import { topEntries } from './top-entries.js';

/** A block never grows beyond this: its matrix is dense and is factored. */
const LARGEST = 1500;

/**
 * The support, and beside it the variables that promise most by gsq-prox: at least `size` of them, and as many as the support has. The
 * block thus holds the support of the solution soon, whatever its size, which is when projected Newton ends in finitely many steps: the
 * paper's condition tau >= |support| without knowing the support.
 */
export function workingSet(size: number, onSimplex: boolean): SelectionRule {
  return (state) => {
    const { x, n } = state.model;
    const supported: number[] = [];
    for (let i = 0; i < n; i++) if (!isAtKink(state.term, i, x[i])) supported.push(i);
    if (supported.length > LARGEST / 2 && n > LARGEST) return { block: best(state, LARGEST, onSimplex) };
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
