import { BUDGET_TOLERANCE, binaryEntropy, entropyTerm } from './entropy.js';
import type { MappingNumbers } from './mapping-numbers.js';

/** A move of `mass`, and what it reaches. */
export interface Move {
  readonly direction: 'none' | 'up' | 'down';
  readonly mass: number;
  readonly ixt: number;
}

/**
 * The best use of a mapping under a budget (theorem 3 for finite steps): itself, with some mass of one cell moved to a new column
 * (the entropy rises to the budget), or with some of it moved to the largest column (the entropy falls to the budget).
 * @returns undefined where its entropy exceeds the budget and the whole cell is not enough to change that
 */
export function bestMove(mapping: MappingNumbers, budget: number): Move | undefined {
  return mapping.entropy <= budget + BUDGET_TOLERANCE ? moveUp(mapping, budget) : moveDown(mapping, budget);
}

/** Up: I = H + c h(d/c) - p h(d/p) for mass d of a cell p in a column c; it rises with d up to min(p, c/2). */
function moveUp({ entropy, upCell: p, upColumn: c }: MappingNumbers, budget: number): Move {
  const missing = budget - entropy;
  if (p <= 0 || missing <= BUDGET_TOLERANCE) return { direction: 'none', mass: 0, ixt: entropy };
  const gain = (d: number) => entropyTerm(d) + entropyTerm(c - d) - entropyTerm(c);
  const most = Math.min(p, c / 2);
  const mass = gain(most) <= missing ? most : bisect(most, (d) => gain(d) <= missing).inside;
  return { direction: 'up', mass, ixt: entropy + gain(mass) - p * binaryEntropy(mass / p) };
}

/** Down: mass d of the smallest column goes to the largest one; the entropy falls with d. */
function moveDown(
  { entropy, downCell: p, downColumn: c, largest }: MappingNumbers,
  budget: number,
): Move | undefined {
  if (p <= 0) return undefined;
  const excess = entropy - budget;
  const loss = (d: number) =>
    entropyTerm(c) - entropyTerm(c - d) + entropyTerm(largest) - entropyTerm(largest + d);
  if (loss(p) < excess - BUDGET_TOLERANCE) return undefined;
  const mass = loss(p) <= excess ? p : bisect(p, (d) => loss(d) < excess).outside;
  return { direction: 'down', mass, ixt: entropy - loss(mass) - p * binaryEntropy(mass / p) };
}

/** Neighbouring numbers around the point in [0, most] where a predicate that holds at 0 ceases to hold. */
function bisect(most: number, holds: (d: number) => boolean): { inside: number; outside: number } {
  let [inside, outside] = [0, most];
  for (;;) {
    const middle = inside + (outside - inside) / 2;
    if (middle <= inside || middle >= outside || outside - inside <= 1e-15 * outside)
      return { inside, outside };
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
}
