import { at, multiplyAdd, splat } from './lanes';

/**
 * C = A B or C += A B by packed blocks: A in blocks of MC x KC (second cache), B in blocks of KC x NC (third cache), both
 * rearranged so that the innermost loop reads them in order; a tile of 6 x 8 sums stays in registers.
 */
const MR: usize = 6;
const NR: usize = 8;
const MC: usize = 96;
const KC: usize = 256;
const NC: usize = 1024;

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

@inline
function put(c: usize, low: v128, high: v128, accumulate: bool): void {
  if (accumulate) {
    v128.store(c, f32x4.add(v128.load(c), low));
    v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
  } else {
    v128.store(c, low);
    v128.store(c, high, 16);
  }
}

/** A 6 x 8 tile over packed groups. */
function tile(k: usize, a: usize, b: usize, c: usize, stride: usize, accumulate: bool): void {
  let c00 = splat(0);
  let c01 = splat(0);
  let c10 = splat(0);
  let c11 = splat(0);
  let c20 = splat(0);
  let c21 = splat(0);
  let c30 = splat(0);
  let c31 = splat(0);
  let c40 = splat(0);
  let c41 = splat(0);
  let c50 = splat(0);
  let c51 = splat(0);
  const end = a + k * (MR << 2);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = multiplyAdd(s, b0, c00);
    c01 = multiplyAdd(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = multiplyAdd(s, b0, c10);
    c11 = multiplyAdd(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = multiplyAdd(s, b0, c20);
    c21 = multiplyAdd(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = multiplyAdd(s, b0, c30);
    c31 = multiplyAdd(s, b1, c31);
    s = v128.load32_splat(a, 16);
    c40 = multiplyAdd(s, b0, c40);
    c41 = multiplyAdd(s, b1, c41);
    s = v128.load32_splat(a, 20);
    c50 = multiplyAdd(s, b0, c50);
    c51 = multiplyAdd(s, b1, c51);
    a += MR << 2;
    b += NR << 2;
  }
  put(c, c00, c01, accumulate);
  c = at(c, stride);
  put(c, c10, c11, accumulate);
  c = at(c, stride);
  put(c, c20, c21, accumulate);
  c = at(c, stride);
  put(c, c30, c31, accumulate);
  c = at(c, stride);
  put(c, c40, c41, accumulate);
  c = at(c, stride);
  put(c, c50, c51, accumulate);
}

/** A tile at the edge: by way of a buffer. */
function edgeTile(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: usize,
  cols: usize,
  buffer: usize,
): void {
  tile(k, a, b, buffer, NR, false);
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      const p = at(c, i * stride + j);
      const sum = load<f32>(at(buffer, NR * i + j));
      store<f32>(p, accumulate ? load<f32>(p) + sum : sum);
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
  for (let j0: usize = 0; j0 < n; j0 += NC) {
    const nc = min(NC, n - j0);
    for (let l0: usize = 0; l0 < k; l0 += KC) {
      const kc = min(KC, k - l0);
      const add = accumulate || l0 > 0;
      packColumns(nc, kc, at(b, l0 * bRow + j0 * bCol), bRow, bCol, packedB);
      for (let i0: usize = 0; i0 < m; i0 += MC) {
        const mc = min(MC, m - i0);
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
