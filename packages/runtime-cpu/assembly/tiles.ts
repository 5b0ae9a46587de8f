import { at, multiplyAdd, splat } from './lanes';

/** Rows and columns of a tile: sums that stay in registers. */
export const MR: usize = 6;
export const NR: usize = 8;

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
export function tile(k: usize, a: usize, b: usize, c: usize, stride: usize, accumulate: bool): void {
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

/** A 6 x 8 tile over a packed group of B and rows of A that lie `row` numbers apart; the same sums in the same order. */
export function tileOfRows(
  k: usize,
  a: usize,
  row: usize,
  b: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
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
  let a1 = at(a, row);
  let a2 = at(a1, row);
  let a3 = at(a2, row);
  let a4 = at(a3, row);
  let a5 = at(a4, row);
  const end = at(a, k);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = multiplyAdd(s, b0, c00);
    c01 = multiplyAdd(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = multiplyAdd(s, b0, c10);
    c11 = multiplyAdd(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = multiplyAdd(s, b0, c20);
    c21 = multiplyAdd(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = multiplyAdd(s, b0, c30);
    c31 = multiplyAdd(s, b1, c31);
    s = v128.load32_splat(a4);
    c40 = multiplyAdd(s, b0, c40);
    c41 = multiplyAdd(s, b1, c41);
    s = v128.load32_splat(a5);
    c50 = multiplyAdd(s, b0, c50);
    c51 = multiplyAdd(s, b1, c51);
    a += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
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
export function edgeTile(
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
  fromBuffer(buffer, c, stride, accumulate, rows, cols);
}

/** Takes a part of the tile in the buffer over. */
export function fromBuffer(
  buffer: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: usize,
  cols: usize,
): void {
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      const p = at(c, i * stride + j);
      const sum = load<f32>(at(buffer, NR * i + j));
      store<f32>(p, accumulate ? load<f32>(p) + sum : sum);
    }
  }
}
