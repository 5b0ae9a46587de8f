import { whole } from './arguments';
import { at, laneSum, multiplyAdd, splat } from './lanes';

/*
 * Matrices of which n of every m consecutive inputs are kept. Arguments from 8 on: values, mask, n, m. Bit c % 8 of byte c / 8 of the mask is
 * element c of the row-major matrix; where the values of an element begin follows from its number.
 */

/** y = x W^T for one row x and `count` outputs from `output` on. */
export function nOfMVector(args: usize, output: usize, count: usize, shuffles: usize): void {
  const x = whole(args, 0);
  const inputs = whole(args, 3);
  const y = at(whole(args, 1), output);
  const n = whole(args, 10);
  const m = whole(args, 11);
  const bytes = whole(args, 9) + ((output * inputs) >> 3);
  const rowValues = (inputs / m) * n;
  const values = at(whole(args, 8), output * rowValues);
  const isTwoOfFour = n == 2 && m == 4 && inputs % 8 == 0;
  let i: usize = 0;
  if (isTwoOfFour) {
    const rowBytes = inputs >> 3;
    for (; i + 2 <= count; i += 2) {
      const first = bytes + i * rowBytes;
      twoRows(inputs, x, first, first + rowBytes, at(values, i * rowValues), at(values, (i + 1) * rowValues), at(y, i), shuffles);
    }
  }
  for (; i < count; i++) {
    const bit = (output + i) * inputs;
    store<f32>(at(y, i), anyRow(inputs, x, whole(args, 9), bit, at(values, i * rowValues), shuffles));
  }
}

/** Two rows of 2:4: a byte of the mask is two groups, whose four values are loaded together. */
@inline
function twoRows(
  inputs: usize,
  x: usize,
  bytes0: usize,
  bytes1: usize,
  values0: usize,
  values1: usize,
  y: usize,
  shuffles: usize,
): void {
  let a0 = splat(0);
  let a1 = splat(0);
  let b0 = splat(0);
  let b1 = splat(0);
  const bytes = inputs >> 3;
  for (let i: usize = 0; i < bytes; i++) {
    const x0 = v128.load(x + (i << 5));
    const x1 = v128.load(x + (i << 5), 16);
    const p = v128.load(values0 + (i << 4));
    const bitsP = <usize>load<u8>(bytes0 + i);
    a0 = multiplyAdd(x0, placed(p, shuffles + ((bitsP & 15) << 4)), a0);
    a1 = multiplyAdd(x1, placed(p, shuffles + 256 + (bitsP & 0xf0)), a1);
    const q = v128.load(values1 + (i << 4));
    const bitsQ = <usize>load<u8>(bytes1 + i);
    b0 = multiplyAdd(x0, placed(q, shuffles + ((bitsQ & 15) << 4)), b0);
    b1 = multiplyAdd(x1, placed(q, shuffles + 256 + (bitsQ & 0xf0)), b1);
  }
  store<f32>(y, laneSum(f32x4.add(a0, a1)));
  store<f32>(y, laneSum(f32x4.add(b0, b1)), 4);
}

/** One row of any pattern, four elements at a time. */
function anyRow(inputs: usize, x: usize, mask: usize, bit: usize, values: usize, shuffles: usize): f32 {
  let sum = splat(0);
  let i: usize = 0;
  for (; i + 4 <= inputs; i += 4) {
    const bits = fourBits(mask, bit + i);
    sum = multiplyAdd(v128.load(at(x, i)), placed(v128.load(values), shuffles + (bits << 4)), sum);
    values += <usize>popcnt<u32>(<u32>bits) << 2;
  }
  let total = laneSum(sum);
  for (; i < inputs; i++) {
    if (!isSet(mask, bit + i)) continue;
    total += load<f32>(at(x, i)) * load<f32>(values);
    values += 4;
  }
  return total;
}

/** Writes rows of W: see `decode`. */
export function decodeNOfM(
  args: usize,
  output: usize,
  count: usize,
  input: usize,
  width: usize,
  target: usize,
  shuffles: usize,
): void {
  const inputs = whole(args, 3);
  const mask = whole(args, 9);
  const n = whole(args, 10);
  const m = whole(args, 11);
  for (let row = output; row < output + count; row++) {
    const bit = row * inputs + input;
    let values = at(whole(args, 8), firstValue(mask, bit, n, m));
    let i: usize = 0;
    if (n == 2 && m == 4 && bit % 8 == 0) {
      for (; i + 8 <= width; i += 8) {
        const four = v128.load(values);
        const bits = <usize>load<u8>(mask + ((bit + i) >> 3));
        v128.store(at(target, i), placed(four, shuffles + ((bits & 15) << 4)));
        v128.store(at(target, i), placed(four, shuffles + 256 + (bits & 0xf0)), 16);
        values += 16;
      }
    }
    for (; i + 4 <= width; i += 4) {
      const bits = fourBits(mask, bit + i);
      v128.store(at(target, i), placed(v128.load(values), shuffles + (bits << 4)));
      values += <usize>popcnt<u32>(<u32>bits) << 2;
    }
    for (; i < width; i++) {
      const set = isSet(mask, bit + i);
      store<f32>(at(target, i), set ? load<f32>(values) : 0);
      if (set) values += 4;
    }
    target = at(target, width);
  }
}

/** Which of the values is the first at or after an element: n for each group before, and the bits before it in its own. */
@inline
function firstValue(mask: usize, bit: usize, n: usize, m: usize): usize {
  let value = (bit / m) * n;
  for (let i = bit - (bit % m); i < bit; i++) if (isSet(mask, i)) value++;
  return value;
}

@inline
function isSet(mask: usize, bit: usize): bool {
  return ((<usize>load<u8>(mask + (bit >> 3)) >> (bit & 7)) & 1) != 0;
}

/** Four bits from any place. */
@inline
function fourBits(mask: usize, bit: usize): usize {
  return (<usize>load<u16>(mask + (bit >> 3)) >> (bit & 7)) & 15;
}

/** Values at the places that a table entry says, zeros elsewhere. */
@inline
function placed(values: v128, places: usize): v128 {
  const bytes = v128.load(places);
  // 128 and more gives zero in the relaxed instruction too, on every processor that has one.
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(values, bytes) : i8x16.swizzle(values, bytes);
}

/**
 * For each four bits, the first the lowest, which bytes of four loaded values go where; 128 makes a zero. The second table takes the values
 * from the third on, as the second group of a byte does in 2:4. 512 bytes.
 */
export function writeShuffles(table: usize): void {
  for (let bits: u32 = 0; bits < 16; bits++) {
    let next: u32 = 0;
    for (let place: u32 = 0; place < 4; place++) {
      const set = ((bits >> place) & 1) != 0;
      for (let byte: u32 = 0; byte < 4; byte++) {
        const to = table + <usize>(bits * 16 + place * 4 + byte);
        store<u8>(to, set ? <u8>(4 * next + byte) : 128);
        store<u8>(to, set ? <u8>((4 * next + byte + 8) & 15) : 128, 256);
      }
      if (set) next++;
    }
  }
}
