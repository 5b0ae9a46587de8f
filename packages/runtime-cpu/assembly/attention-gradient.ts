import { real, whole } from './arguments';
import { QUERY_BLOCK, visibleKeys } from './attention';
import { gemm } from './gemm';
import { at } from './lanes';
import { dotRow, softmaxGradientRow } from './softmax';

/**
 * Gradients of attention: dV = P^T dO, dP = dO V^T, dS = scale P (dP - rowsum(P dP)), dQ = dS K, dK = dS^T Q. Arguments: dO,
 * q, k, v, p, dQ, dK, dV (both zeroed), sequences, queries, keys, query heads, key heads, d, causal, scratch of the size of p;
 * scale. Index: sequence * key heads + key head.
 */
export function attentionGradientPiece(args: usize, first: usize, last: usize, room: usize): void {
  const queries = whole(args, 9);
  const keys = whole(args, 10);
  const heads = whole(args, 11);
  const keyHeads = whole(args, 12);
  const d = whole(args, 13);
  const causal = whole(args, 14) != 0;
  const scale = real(args, 0);
  const row = heads * d;
  const keyRow = keyHeads * d;
  const group = heads / keyHeads;
  for (let i = first; i < last; i++) {
    const sequence = i / keyHeads;
    const keyHead = i % keyHeads;
    const keyOffset = sequence * keys * keyRow + keyHead * d;
    const k = at(whole(args, 2), keyOffset);
    const v = at(whole(args, 3), keyOffset);
    const dK = at(whole(args, 6), keyOffset);
    const dV = at(whole(args, 7), keyOffset);
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const offset = sequence * queries * row + head * d;
      const square = (sequence * heads + head) * queries * keys;
      for (let r: usize = 0; r < queries; r += QUERY_BLOCK) {
        const rows = min(QUERY_BLOCK, queries - r);
        const seen = visibleKeys(causal, r + rows, queries, keys);
        const dO = at(whole(args, 0), offset + r * row);
        const q = at(whole(args, 1), offset + r * row);
        const p = at(whole(args, 4), square + r * keys);
        const dS = at(whole(args, 15), square + r * keys);
        gemm(seen, d, rows, p, 1, keys, dO, row, 1, dV, keyRow, true, room);
        gemm(rows, seen, d, dO, row, 1, v, 1, keyRow, dS, keys, false, room);
        for (let t: usize = 0; t < rows; t++) {
          const weights = at(p, t * keys);
          const slopes = at(dS, t * keys);
          softmaxGradientRow(weights, slopes, slopes, seen, dotRow(weights, slopes, seen), scale);
        }
        gemm(rows, d, seen, dS, keys, 1, k, keyRow, 1, at(whole(args, 5), offset + r * row), row, false, room);
        gemm(seen, d, rows, dS, 1, keys, q, row, 1, dK, keyRow, true, room);
      }
    }
  }
}
