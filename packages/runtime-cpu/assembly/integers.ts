import { whole } from './arguments';
import { oneHalf } from './halves';
import { at, laneSum, multiplyAdd, splat } from './lanes';

/*
 * Matrices of small integers: w = scale (code - zero). Arguments from 8 on: codes, scales, zeros, bits, group size, whether scales are float16,
 * whether zeros are packed, and the list of the inputs' groups, or 0. Codes are packed one after the other, the lowest bits first, without
 * regard to rows.
 */

/** y = x W^T for one row x and `count` outputs from `output` on; false where groups are listed, and nothing is done. */
export function integerVector(args: usize, output: usize, count: usize): bool {
  if (whole(args, 15) != 0) return false;
  const x = whole(args, 0);
  const inputs = whole(args, 3);
  const bits = whole(args, 11);
  const size = whole(args, 12);
  const codes = whole(args, 8);
  const groups = inputs / size;
  for (let row = output; row < output + count; row++) {
    let sum = splat(0);
    let rest: f32 = 0;
    for (let group: usize = 0; group < groups; group++) {
      const scale = scaleOf(args, row * groups + group);
      const zero = zeroOf(args, row * groups + group);
      const element = row * inputs + group * size;
      const from = at(x, group * size);
      const four = wholeFours(bits, size);
      sum = multiplyAdd(splat(scale), sumOfFours(codes, bits, element, four, zero, from), sum);
      let tail: f32 = 0;
      for (let i = four; i < size; i++) tail += (<f32>codeOf(codes, bits, element + i) - zero) * load<f32>(at(from, i));
      rest += scale * tail;
    }
    store<f32>(at(whole(args, 1), row), laneSum(sum) + rest);
  }
  return true;
}

/** Writes rows of W: see `decode`. */
export function decodeIntegers(
  args: usize,
  output: usize,
  count: usize,
  input: usize,
  width: usize,
  target: usize,
): void {
  const inputs = whole(args, 3);
  const codes = whole(args, 8);
  const bits = whole(args, 11);
  const size = whole(args, 12);
  const listed = whole(args, 15);
  const groups = inputs / size;
  for (let row = output; row < output + count; row++) {
    const element = row * inputs + input;
    if (listed != 0) {
      for (let i: usize = 0; i < width; i++) {
        const group = row * groups + <usize>load<u32>(at(listed, input + i));
        store<f32>(at(target, i), scaleOf(args, group) * (<f32>codeOf(codes, bits, element + i) - zeroOf(args, group)));
      }
    } else {
      for (let i: usize = 0; i < width; ) {
        const group = (input + i) / size;
        const length = min(width - i, (group + 1) * size - input - i);
        const scale = scaleOf(args, row * groups + group);
        const zero = zeroOf(args, row * groups + group);
        decodeGroup(codes, bits, element + i, length, scale, zero, at(target, i));
        i += length;
      }
    }
    target = at(target, width);
  }
}

@inline
function scaleOf(args: usize, group: usize): f32 {
  return whole(args, 13) != 0 ? oneHalf(whole(args, 9) + (group << 1)) : load<f32>(at(whole(args, 9), group));
}

@inline
function zeroOf(args: usize, group: usize): f32 {
  if (whole(args, 14) != 0) return <f32>codeOf(whole(args, 10), whole(args, 11), group);
  return <f32>load<i32>(at(whole(args, 10), group));
}

/** One code of up to 16 bits. */
@inline
function codeOf(codes: usize, bits: usize, element: usize): u32 {
  const bit = <u64>element * <u64>bits;
  return (load<u32>(codes + <usize>(bit >> 3)) >> <u32>(bit & 7)) & ((1 << <u32>bits) - 1);
}

/** How many of `size` codes come four at a time. */
@inline
function wholeFours(bits: usize, size: usize): usize {
  return bits <= 8 ? size & ~3 : 0;
}

/** Masks of four codes of at most 7 bits that follow each other in a word. */
@inline
function codeMasks(bits: usize): v128 {
  const one = (1 << <i32>bits) - 1;
  let four = i32x4.splat(one);
  four = i32x4.replace_lane(four, 1, one << <i32>bits);
  four = i32x4.replace_lane(four, 2, one << <i32>(2 * bits));
  return i32x4.replace_lane(four, 3, one << <i32>(3 * bits));
}

/** What makes the codes of those places whole numbers again: powers of two, so nothing is rounded. */
@inline
function codeFactors(bits: usize): v128 {
  const step = reinterpret<f32>((127 - <u32>bits) << 23);
  let four = splat(1);
  four = f32x4.replace_lane(four, 1, step);
  four = f32x4.replace_lane(four, 2, step * step);
  return f32x4.replace_lane(four, 3, step * step * step);
}

/** Four codes minus a zero, from the lowest bits of a word. */
@inline
function fourDifferences(word: u64, masks: v128, factors: v128, minusZero: v128): v128 {
  const codes = f32x4.convert_i32x4_s(v128.and(i32x4.splat(<i32>word), masks));
  return multiplyAdd(codes, factors, minusZero);
}

/** 64 bits from the one at which a code begins. */
@inline
function wordAt(codes: usize, bits: usize, element: usize): u64 {
  const bit = <u64>element * <u64>bits;
  return load<u64>(codes + <usize>(bit >> 3)) >> (bit & 7);
}

/** sum (code - zero) x in four lanes, of `count` codes, a multiple of four. */
@inline
function sumOfFours(codes: usize, bits: usize, element: usize, count: usize, zero: f32, x: usize): v128 {
  const z = splat(zero);
  let a = splat(0);
  let i: usize = 0;
  if (bits == 4 && (element & 1) == 0) {
    let b = splat(0);
    let c = splat(0);
    let d = splat(0);
    for (; i + 16 <= count; i += 16) {
      const bytes = sixteenNibbles(codes + ((element + i) >> 1));
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      const from = at(x, i);
      a = multiplyAdd(f32x4.sub(lowFour(low), z), v128.load(from), a);
      b = multiplyAdd(f32x4.sub(highFour(low), z), v128.load(from, 16), b);
      c = multiplyAdd(f32x4.sub(lowFour(high), z), v128.load(from, 32), c);
      d = multiplyAdd(f32x4.sub(highFour(high), z), v128.load(from, 48), d);
    }
    a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  } else if (bits == 8) {
    let b = splat(0);
    for (; i + 8 <= count; i += 8) {
      const eight = v128.load8x8_u(codes + element + i);
      a = multiplyAdd(f32x4.sub(lowFour(eight), z), v128.load(at(x, i)), a);
      b = multiplyAdd(f32x4.sub(highFour(eight), z), v128.load(at(x, i), 16), b);
    }
    a = f32x4.add(a, b);
  }
  if (bits == 8) {
    for (; i < count; i += 4) a = multiplyAdd(f32x4.sub(fourBytes(codes + element + i), z), v128.load(at(x, i)), a);
    return a;
  }
  const masks = codeMasks(bits);
  const factors = codeFactors(bits);
  const minusZero = splat(-zero);
  const four = 4 * <u64>bits;
  let b = splat(0);
  for (; i + 8 <= count; i += 8) {
    const word = wordAt(codes, bits, element + i);
    a = multiplyAdd(fourDifferences(word, masks, factors, minusZero), v128.load(at(x, i)), a);
    b = multiplyAdd(fourDifferences(word >> four, masks, factors, minusZero), v128.load(at(x, i), 16), b);
  }
  for (; i < count; i += 4)
    a = multiplyAdd(fourDifferences(wordAt(codes, bits, element + i), masks, factors, minusZero), v128.load(at(x, i)), a);
  return f32x4.add(a, b);
}

@inline
function decodeGroup(codes: usize, bits: usize, element: usize, count: usize, scale: f32, zero: f32, target: usize): void {
  const z = splat(zero);
  const s = splat(scale);
  const four = wholeFours(bits, count);
  let i: usize = 0;
  if (bits == 4 && (element & 1) == 0) {
    for (; i + 16 <= four; i += 16) {
      const bytes = sixteenNibbles(codes + ((element + i) >> 1));
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      const to = at(target, i);
      v128.store(to, f32x4.mul(s, f32x4.sub(lowFour(low), z)));
      v128.store(to, f32x4.mul(s, f32x4.sub(highFour(low), z)), 16);
      v128.store(to, f32x4.mul(s, f32x4.sub(lowFour(high), z)), 32);
      v128.store(to, f32x4.mul(s, f32x4.sub(highFour(high), z)), 48);
    }
  } else if (bits == 8) {
    for (; i + 8 <= four; i += 8) {
      const eight = v128.load8x8_u(codes + element + i);
      v128.store(at(target, i), f32x4.mul(s, f32x4.sub(lowFour(eight), z)));
      v128.store(at(target, i), f32x4.mul(s, f32x4.sub(highFour(eight), z)), 16);
    }
  }
  if (bits == 8) {
    for (; i < four; i += 4) v128.store(at(target, i), f32x4.mul(s, f32x4.sub(fourBytes(codes + element + i), z)));
  } else {
    const masks = codeMasks(bits);
    const factors = codeFactors(bits);
    const minusZero = splat(-zero);
    const half = 4 * <u64>bits;
    for (; i + 8 <= four; i += 8) {
      const word = wordAt(codes, bits, element + i);
      v128.store(at(target, i), f32x4.mul(s, fourDifferences(word, masks, factors, minusZero)));
      v128.store(at(target, i), f32x4.mul(s, fourDifferences(word >> half, masks, factors, minusZero)), 16);
    }
    for (; i < four; i += 4) {
      const word = wordAt(codes, bits, element + i);
      v128.store(at(target, i), f32x4.mul(s, fourDifferences(word, masks, factors, minusZero)));
    }
  }
  for (; i < count; i++) store<f32>(at(target, i), scale * (<f32>codeOf(codes, bits, element + i) - zero));
}

/** Sixteen codes of four bits as bytes, the low one of each byte first. */
@inline
function sixteenNibbles(address: usize): v128 {
  const bytes = v128.load64_zero(address);
  const low = v128.and(bytes, i8x16.splat(15));
  const high = i8x16.shr_u(bytes, 4);
  return v128.shuffle<u8>(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/** Four codes of a byte each. */
@inline
function fourBytes(address: usize): v128 {
  return lowFour(i16x8.extend_low_i8x16_u(v128.load32_zero(address)));
}

@inline
function lowFour(eight: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(eight));
}

@inline
function highFour(eight: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(eight));
}
