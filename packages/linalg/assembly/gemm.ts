import { at, multiplyAdd, splat } from './lanes';

/**
 * C += alpha A B by packed blocks: A in blocks of MC x KC (second cache), B in KC x NC (third cache), both rearranged so
 * that the innermost loop reads them in order; a tile of 4 x 4 sums stays in registers.
 */
const MC: usize = 128;
const KC: usize = 256;
const NC: usize = 512;

/** A tile at the edge is computed here first. */
@inline
function edgeTile(pack: usize): usize {
  return at(pack, MC * KC + KC * NC);
}

/**
 * Packs `count` vectors of length k into groups of four: four numbers for each of the k steps, zeros where the last group
 * is not full. Vector i starts at i * vectorStride, its steps are stepStride apart.
 */
function packFours(count: usize, k: usize, source: usize, vectorStride: usize, stepStride: usize, target: usize): void {
  for (let i: usize = 0; i < count; i += 4) {
    const s0 = at(source, i * vectorStride);
    if (i + 4 <= count) {
      const s1 = at(s0, vectorStride);
      const s2 = at(s1, vectorStride);
      const s3 = at(s2, vectorStride);
      if (vectorStride == 1) {
        for (let l: usize = 0; l < k; l++) {
          const p = at(s0, l * stepStride);
          v128.store(target, v128.load(p));
          v128.store(target, v128.load(p, 16), 16);
          target += 32;
        }
        continue;
      }
      for (let l: usize = 0; l < k; l++) {
        const step = l * stepStride;
        store<f64>(target, load<f64>(at(s0, step)));
        store<f64>(target, load<f64>(at(s1, step)), 8);
        store<f64>(target, load<f64>(at(s2, step)), 16);
        store<f64>(target, load<f64>(at(s3, step)), 24);
        target += 32;
      }
    } else {
      for (let l: usize = 0; l < k; l++) {
        for (let v: usize = 0; v < 4; v++) {
          const inside = i + v < count;
          store<f64>(at(target, v), inside ? load<f64>(at(s0, v * vectorStride + l * stepStride)) : 0);
        }
        target += 32;
      }
    }
  }
}

@inline
function addScaled(c: usize, alpha: v128, sum: v128): void {
  v128.store(c, multiplyAdd(alpha, sum, v128.load(c)));
}

/** A 4 x 4 tile: C += alpha sum_l a_l b_l^T over packed groups. */
@inline
function tile(k: usize, alphaNumber: f64, a: usize, b: usize, c: usize, stride: usize): void {
  let c00 = splat(0);
  let c01 = splat(0);
  let c10 = splat(0);
  let c11 = splat(0);
  let c20 = splat(0);
  let c21 = splat(0);
  let c30 = splat(0);
  let c31 = splat(0);
  const end = at(a, 4 * k);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load64_splat(a, 8);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load64_splat(a, 16);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load64_splat(a, 24);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
    a += 32;
    b += 32;
  }
  const alpha = splat(alphaNumber);
  addScaled(c, alpha, c00);
  addScaled(c + 16, alpha, c01);
  c = at(c, stride);
  addScaled(c, alpha, c10);
  addScaled(c + 16, alpha, c11);
  c = at(c, stride);
  addScaled(c, alpha, c20);
  addScaled(c + 16, alpha, c21);
  c = at(c, stride);
  addScaled(c, alpha, c30);
  addScaled(c + 16, alpha, c31);
}

/** A tile of `rows` x `cols` at the edge, or one across the diagonal: by way of a buffer. `below` = first row - first column. */
function partialTile(
  k: usize,
  alpha: f64,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  rows: usize,
  cols: usize,
  lowerOnly: bool,
  below: isize,
  buffer: usize,
): void {
  memory.fill(buffer, 0, 128);
  tile(k, alpha, a, b, buffer, 4);
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      if (lowerOnly && isize(j) > isize(i) + below) break;
      const p = at(c, i * stride + j);
      store<f64>(p, load<f64>(p) + load<f64>(at(buffer, 4 * i + j)));
    }
  }
}

/**
 * C += alpha A B, C m x n; entry (i, l) of A stands at i aRow + l aCol, entry (l, j) of B at l bRow + j bCol. With
 * `lowerOnly` entries above the diagonal are left alone. `pack`: MC KC + KC NC + 16 numbers of room.
 */
export function gemm(
  m: usize,
  n: usize,
  k: usize,
  alpha: f64,
  a: usize,
  aRow: usize,
  aCol: usize,
  b: usize,
  bRow: usize,
  bCol: usize,
  c: usize,
  stride: usize,
  lowerOnly: bool,
  pack: usize,
): void {
  const packedA = pack;
  const packedB = at(pack, MC * KC);
  const buffer = edgeTile(pack);
  for (let j0: usize = 0; j0 < n; j0 += NC) {
    const nc = min(NC, n - j0);
    for (let l0: usize = 0; l0 < k; l0 += KC) {
      const kc = min(KC, k - l0);
      packFours(nc, kc, at(b, l0 * bRow + j0 * bCol), bCol, bRow, packedB);
      // Blocks that end above the diagonal have nothing below it.
      const first = lowerOnly ? (j0 / MC) * MC : 0;
      for (let i0: usize = first; i0 < m; i0 += MC) {
        const mc = min(MC, m - i0);
        packFours(mc, kc, at(a, i0 * aRow + l0 * aCol), aRow, aCol, packedA);
        for (let j: usize = 0; j < nc; j += 4) {
          const panelB = at(packedB, j * kc);
          const cols = min(<usize>4, nc - j);
          for (let i: usize = 0; i < mc; i += 4) {
            const below = isize(i0 + i) - isize(j0 + j);
            if (lowerOnly && below < -3) continue;
            const panelA = at(packedA, i * kc);
            const rows = min(<usize>4, mc - i);
            const target = at(c, (i0 + i) * stride + j0 + j);
            if (rows == 4 && cols == 4 && (!lowerOnly || below >= 3)) {
              tile(kc, alpha, panelA, panelB, target, stride);
            } else {
              partialTile(kc, alpha, panelA, panelB, target, stride, rows, cols, lowerOnly, below, buffer);
            }
          }
        }
      }
    }
  }
}
