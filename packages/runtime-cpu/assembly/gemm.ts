import { at } from './lanes';
import { edgeTile, fromBuffer, MR, NR, tile, tileOfRows } from './tiles';

/**
 * C = A B or C += A B by packed blocks: A in blocks of MC x KC (second cache), B in blocks of KC x NC (third cache), both
 * rearranged so that the innermost loop reads them in order; a tile of 6 x 8 sums stays in registers.
 */
const MC: usize = 96;
const KC: usize = 256;
const NC: usize = 1024;
/** Up to this many columns a row of A is read so few times that packing it costs more than it gains. */
const FEW_COLUMNS: usize = 32;

/** Numbers of room that `gemm` needs for packing. */
export function gemmRoom(): usize {
  return MC * KC + KC * NC + MR * NR;
}

/**
 * Packs `count` vectors of length k into groups of `group`: `group` numbers for each of the k steps, zeros where the last
 * group is not full. Vector i starts at i * vectorStride, its steps are stepStride apart.
 */
@inline
function pack(
  group: usize,
  count: usize,
  k: usize,
  source: usize,
  vectorStride: usize,
  stepStride: usize,
  target: usize,
): void {
  for (let i: usize = 0; i < count; i += group) {
    const first = at(source, i * vectorStride);
    const width = min(group, count - i);
    if (width == group && stepStride == 1) {
      // Whole groups of rows: four steps of each row at a time.
      for (let v: usize = 0; v < group; v++) {
        const row = at(first, v * vectorStride);
        let out = at(target, v);
        let l: usize = 0;
        for (; l + 4 <= k; l += 4) {
          const four = v128.load(at(row, l));
          v128.store_lane<f32>(out, four, 0);
          v128.store_lane<f32>(out + (group << 2), four, 1);
          v128.store_lane<f32>(out + (group << 3), four, 2);
          v128.store_lane<f32>(out + group * 12, four, 3);
          out += group << 4;
        }
        for (; l < k; l++) {
          store<f32>(out, load<f32>(at(row, l)));
          out += group << 2;
        }
      }
      target = at(target, k * group);
    } else if (width == group && vectorStride == 1) {
      for (let l: usize = 0; l < k; l++) {
        const p = at(first, l * stepStride);
        v128.store(target, v128.load(p));
        if (group == 8) v128.store(target, v128.load(p, 16), 16);
        else store<u64>(target, load<u64>(p, 16), 16);
        target += group << 2;
      }
    } else {
      for (let l: usize = 0; l < k; l++) {
        for (let v: usize = 0; v < group; v++) {
          store<f32>(at(target, v), v < width ? load<f32>(at(first, v * vectorStride + l * stepStride)) : 0);
        }
        target += group << 2;
      }
    }
  }
}

function packRows(m: usize, k: usize, a: usize, aRow: usize, aCol: usize, target: usize): void {
  pack(MR, m, k, a, aRow, aCol, target);
}

function packColumns(n: usize, k: usize, b: usize, bRow: usize, bCol: usize, target: usize): void {
  pack(NR, n, k, b, bCol, bRow, target);
}

/** A block of rows of C from rows of A as they lie; those that fill no tile are packed. */
function fewColumns(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aRow: usize,
  packedB: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
  packedA: usize,
  buffer: usize,
): void {
  const whole = m - (m % MR);
  packRows(m - whole, k, at(a, whole * aRow), aRow, 1, packedA);
  for (let i: usize = 0; i < m; i += MR) {
    for (let j: usize = 0; j < n; j += NR) {
      const panelB = at(packedB, j * k);
      const cols = min(NR, n - j);
      const target = at(c, i * stride + j);
      if (i == whole) {
        edgeTile(k, packedA, panelB, target, stride, accumulate, m - whole, cols, buffer);
      } else if (cols == NR) {
        tileOfRows(k, at(a, i * aRow), aRow, panelB, target, stride, accumulate);
      } else {
        tileOfRows(k, at(a, i * aRow), aRow, panelB, buffer, NR, false);
        fromBuffer(buffer, target, stride, accumulate, MR, cols);
      }
    }
  }
}

/**
 * C = A B (C += A B with `accumulate`), C m x n with rows `stride` apart; entry (i, l) of A stands at i aRow + l aCol, entry
 * (l, j) of B at l bRow + j bCol. `room`: {@link gemmRoom} numbers.
 */
export function gemm(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aRow: usize,
  aCol: usize,
  b: usize,
  bRow: usize,
  bCol: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
  room: usize,
): void {
  const packedA = room;
  const packedB = at(room, MC * KC);
  const buffer = at(packedB, KC * NC);
  const direct = aCol == 1 && n <= FEW_COLUMNS;
  for (let j0: usize = 0; j0 < n; j0 += NC) {
    const nc = min(NC, n - j0);
    for (let l0: usize = 0; l0 < k; l0 += KC) {
      const kc = min(KC, k - l0);
      const add = accumulate || l0 > 0;
      packColumns(nc, kc, at(b, l0 * bRow + j0 * bCol), bRow, bCol, packedB);
      for (let i0: usize = 0; i0 < m; i0 += MC) {
        const mc = min(MC, m - i0);
        if (direct) {
          const rows = at(a, i0 * aRow + l0);
          fewColumns(mc, nc, kc, rows, aRow, packedB, at(c, i0 * stride + j0), stride, add, packedA, buffer);
          continue;
        }
        packRows(mc, kc, at(a, i0 * aRow + l0 * aCol), aRow, aCol, packedA);
        for (let j: usize = 0; j < nc; j += NR) {
          const panelB = at(packedB, j * kc);
          const cols = min(NR, nc - j);
          for (let i: usize = 0; i < mc; i += MR) {
            const panelA = at(packedA, i * kc);
            const rows = min(MR, mc - i);
            const target = at(c, (i0 + i) * stride + j0 + j);
            if (rows == MR && cols == NR) tile(kc, panelA, panelB, target, stride, add);
            else edgeTile(kc, panelA, panelB, target, stride, add, rows, cols, buffer);
          }
        }
      }
    }
  }
}
