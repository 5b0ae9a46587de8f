import { real, whole } from './arguments';
import { gemm } from './gemm';
import { at } from './lanes';
import { expRow, rowMax, scaleRow } from './softmax';

/** Query rows that are taken together: a multiple of the tile of `gemm`, small enough that causal masking saves work. */
export const QUERY_BLOCK: usize = 48;

/** How many keys the queries before `end` may see. */
@inline
export function visibleKeys(causal: bool, end: usize, queries: usize, keys: usize): usize {
  return causal ? min(keys, end + keys - queries) : keys;
}

/**
 * Scaled dot-product attention: P = softmax(scale Q K^T), O = P V. Arguments: q, k, v, o, p, sequences, queries, keys, query
 * heads, key heads, d, causal; scale. Tensors are [sequence, position, head, d], p is [sequence, head, query, key]. With
 * `causal`, query i sees keys up to i + keys - queries. Index: sequence * query heads + head.
 */
export function attentionPiece(args: usize, first: usize, last: usize, room: usize): void {
  const queries = whole(args, 6);
  const keys = whole(args, 7);
  const heads = whole(args, 8);
  const keyHeads = whole(args, 9);
  const d = whole(args, 10);
  const causal = whole(args, 11) != 0;
  const scale = real(args, 0);
  const row = heads * d;
  const keyRow = keyHeads * d;
  for (let i = first; i < last; i++) {
    const sequence = i / heads;
    const head = i % heads;
    const keyHead = head / (heads / keyHeads);
    const q = at(whole(args, 0), sequence * queries * row + head * d);
    const k = at(whole(args, 1), sequence * keys * keyRow + keyHead * d);
    const v = at(whole(args, 2), sequence * keys * keyRow + keyHead * d);
    const o = at(whole(args, 3), sequence * queries * row + head * d);
    const p = at(whole(args, 4), i * queries * keys);
    for (let r: usize = 0; r < queries; r += QUERY_BLOCK) {
      const rows = min(QUERY_BLOCK, queries - r);
      const seen = visibleKeys(causal, r + rows, queries, keys);
      const block = at(p, r * keys);
      gemm(rows, seen, d, at(q, r * row), row, 1, k, 1, keyRow, block, keys, false, room);
      for (let t: usize = 0; t < rows; t++) {
        const scores = at(block, t * keys);
        const own = visibleKeys(causal, r + t + 1, queries, keys);
        scaleRow(scores, own, 1 / expRow(scores, scores, own, scale, rowMax(scores, own)));
        memory.fill(at(scores, own), 0, (keys - own) << 2);
      }
      gemm(rows, d, seen, block, keys, 1, v, keyRow, 1, at(o, r * row), row, false, room);
    }
  }
}
