import { descendingOrder } from './distribution.js';
import { codeMarginal, type Encoder, encoderFromLabels, identityEncoder } from './encoder.js';
import { BUDGET_TOLERANCE, entropy } from './entropy.js';
import { bestMove, type Move } from './mapping-move.js';
import type { MappingNumbers } from './mapping-numbers.js';
import { chainMappings, type PooledMapping, partitionMappings } from './mapping-pool.js';

/** Up to so many symbols every set partition is tried (4,140 of them), which makes the pool exact. */
const EXACT_POOL = 8;

/**
 * The best solution near a deterministic mapping (theorem 3): each mapping of a pool as it is, or with some mass of one symbol moved
 * so that H(T) meets the budget. It fills the gaps between the entropies of mappings, and for few symbols no coupling is known to
 * do better. The pool is all mappings for at most 8 symbols with probability, otherwise those on the path of Algorithm 1, the same
 * with the two smallest symbols merged, and those on Huffman's path.
 */
export function searchNearDeterministic(px: Float64Array, budget: number): Encoder {
  if (entropy(px) <= budget + BUDGET_TOLERANCE) return identityEncoder(px);
  const order = descendingOrder(px);
  const pool = order.length <= EXACT_POOL ? partitionMappings(px, order) : chainMappings(px, order);
  let best: { readonly mapping: PooledMapping; readonly move: Move } | undefined;
  for (const mapping of pool) {
    const move = bestMove(mapping.numbers, budget);
    if (move && (!best || move.ixt > best.move.ixt)) best = { mapping, move };
  }
  // The mapping to one column has entropy 0 and is in every pool: there always is a candidate.
  return applyMove(px, encoderFromLabels(best!.mapping.labels()), best!.mapping.numbers, best!.move);
}

/** The encoder of a mapping after its move. */
function applyMove(px: Float64Array, encoder: Encoder, numbers: MappingNumbers, move: Move): Encoder {
  const { direction, mass } = move;
  if (direction === 'none' || mass <= 0) return encoder;
  const { upCell, upColumn, downCell, downColumn, largest } = numbers;
  const sums = codeMarginal(encoder, px);
  if (direction === 'up')
    return moved(px, encoder, findCell(px, encoder, sums, upCell, upColumn), encoder.codes, mass);
  const symbol = findCell(px, encoder, sums, downCell, downColumn);
  const from = encoder.codeOf[symbol]!;
  const to = sums.findIndex((sum, code) => code !== from && isColumn(sum, largest));
  return moved(px, encoder, symbol, to, mass);
}

/** The same column summed in another order. */
const isColumn = (sum: number, numbersSum: number) => Math.abs(sum - numbersSum) <= 1e-9 * numbersSum;

/** The first symbol of a given mass in a column of a given sum. Of equal columns with equal cells any will do. */
function findCell(
  px: Float64Array,
  { codeOf }: Encoder,
  sums: Float64Array,
  cell: number,
  column: number,
): number {
  return px.findIndex((p, x) => p === cell && codeOf[x]! >= 0 && isColumn(sums[codeOf[x]!]!, column));
}

/** Moves mass of a symbol to code word `to`; a symbol that moves as a whole is not split. */
function moved(px: Float64Array, encoder: Encoder, symbol: number, to: number, mass: number): Encoder {
  if (mass >= px[symbol]!) {
    const codeOf = encoder.codeOf.slice();
    codeOf[symbol] = to;
    return encoderFromLabels(codeOf);
  }
  return { codeOf: encoder.codeOf, codes: Math.max(encoder.codes, to + 1), split: { symbol, to, mass } };
}
