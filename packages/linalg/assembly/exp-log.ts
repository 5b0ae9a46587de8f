import { at, load1, multiplyAdd, splat, store1, subtractProduct } from './lanes';

/**
 * The constants of exp, each twice. A vector load is one instruction; a vector constant in the code would be rebuilt from
 * integer registers at every use, which made exp 2.5 times slower.
 */
const EXP = memory.data<f64>(
  [
    -708.35, -708.35, 709.9, 709.9,
    // 1.5 * 2^52 + 1022
    6755399441056766.0, 6755399441056766.0, 1.4426950408889634, 1.4426950408889634,
    // log 2 in two parts, the first of 32 bits, so that k times it is exact.
    0.6931471803691238, 0.6931471803691238, 1.9082149292705877e-10, 1.9082149292705877e-10,
    // Twice the coefficients of r^11 to r^2, then of r and 1.
    5.000003454088746e-8, 5.000003454088746e-8, 5.526061249265474e-7, 5.526061249265474e-7,
    5.511517361888896e-6, 5.511517361888896e-6, 4.9602985899313554e-5, 4.9602985899313554e-5,
    0.00039682539011533317, 0.00039682539011533317, 0.0027777777887519853, 0.0027777777887519853,
    0.016666666666989963, 0.016666666666989963, 0.08333333333305945, 0.08333333333305945,
    0.3333333333333282, 0.3333333333333282, 1.0000000000000022, 1.0000000000000022, 2.0, 2.0,
  ],
  16,
);

/**
 * exp of two numbers, within 1.1 ulp (0.85 with fused multiply-add): x = k log 2 + r with |r| <= log(2) / 2, then
 * 2^k exp(r). exp(r) = 1 + r + r^2 q(r), q the minimax polynomial of degree 9 (Remez, relative error of exp 4e-18); all
 * coefficients are doubled and the scale halved, so that k = 1024 needs no 2^1024. Exact at both ends: -Infinity gives 0,
 * overflow Infinity, NaN stays NaN; results below 2^-1021.5 become 0.
 */
@inline
export function exp2lanes(argument: v128): v128 {
  // Clamped to where k - 1 fits an exponent: 0 at the lower end (a factor of zero), 2046 at the upper one. A clamp by
  // pmax and pmin keeps NaN when it is the first operand.
  const x = f64x2.pmin(f64x2.pmax(argument, v128.load(EXP)), v128.load(EXP, 16));
  // The sum rounds x / log 2 to a whole number, which stands in the low bits, 1022 added.
  const magic = v128.load(EXP, 32);
  const shifted = multiplyAdd(x, v128.load(EXP, 48), magic);
  const k = f64x2.sub(shifted, magic);
  let r = subtractProduct(k, v128.load(EXP, 64), x);
  r = subtractProduct(k, v128.load(EXP, 80), r);
  const scale = i64x2.shl(shifted, 52);
  let p = multiplyAdd(v128.load(EXP, 96), r, v128.load(EXP, 112));
  p = multiplyAdd(p, r, v128.load(EXP, 128));
  p = multiplyAdd(p, r, v128.load(EXP, 144));
  p = multiplyAdd(p, r, v128.load(EXP, 160));
  p = multiplyAdd(p, r, v128.load(EXP, 176));
  p = multiplyAdd(p, r, v128.load(EXP, 192));
  p = multiplyAdd(p, r, v128.load(EXP, 208));
  p = multiplyAdd(p, r, v128.load(EXP, 224));
  p = multiplyAdd(p, r, v128.load(EXP, 240));
  p = multiplyAdd(p, r, v128.load(EXP, 256));
  p = multiplyAdd(p, r, v128.load(EXP, 256));
  return f64x2.mul(p, scale);
}

/**
 * exp of four vectors, stored one after the other: the steps of {@link exp2lanes} side by side, so that each constant is
 * loaded once for eight numbers.
 */
@inline
export function exp8(a: v128, b: v128, c: v128, d: v128, out: usize): void {
  let t = v128.load(EXP);
  let xa = f64x2.pmax(a, t);
  let xb = f64x2.pmax(b, t);
  let xc = f64x2.pmax(c, t);
  let xd = f64x2.pmax(d, t);
  t = v128.load(EXP, 16);
  xa = f64x2.pmin(xa, t);
  xb = f64x2.pmin(xb, t);
  xc = f64x2.pmin(xc, t);
  xd = f64x2.pmin(xd, t);
  const magic = v128.load(EXP, 32);
  t = v128.load(EXP, 48);
  let ka = multiplyAdd(xa, t, magic);
  let kb = multiplyAdd(xb, t, magic);
  let kc = multiplyAdd(xc, t, magic);
  let kd = multiplyAdd(xd, t, magic);
  const sa = i64x2.shl(ka, 52);
  const sb = i64x2.shl(kb, 52);
  const sc = i64x2.shl(kc, 52);
  const sd = i64x2.shl(kd, 52);
  ka = f64x2.sub(ka, magic);
  kb = f64x2.sub(kb, magic);
  kc = f64x2.sub(kc, magic);
  kd = f64x2.sub(kd, magic);
  t = v128.load(EXP, 64);
  xa = subtractProduct(ka, t, xa);
  xb = subtractProduct(kb, t, xb);
  xc = subtractProduct(kc, t, xc);
  xd = subtractProduct(kd, t, xd);
  t = v128.load(EXP, 80);
  xa = subtractProduct(ka, t, xa);
  xb = subtractProduct(kb, t, xb);
  xc = subtractProduct(kc, t, xc);
  xd = subtractProduct(kd, t, xd);
  t = v128.load(EXP, 96);
  let u = v128.load(EXP, 112);
  let pa = multiplyAdd(t, xa, u);
  let pb = multiplyAdd(t, xb, u);
  let pc = multiplyAdd(t, xc, u);
  let pd = multiplyAdd(t, xd, u);
  u = v128.load(EXP, 128);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 144);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 160);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 176);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 192);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 208);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 224);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 240);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  u = v128.load(EXP, 256);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  pa = multiplyAdd(pa, xa, u);
  pb = multiplyAdd(pb, xb, u);
  pc = multiplyAdd(pc, xc, u);
  pd = multiplyAdd(pd, xd, u);
  v128.store(out, f64x2.mul(pa, sa));
  v128.store(out, f64x2.mul(pb, sb), 16);
  v128.store(out, f64x2.mul(pc, sc), 32);
  v128.store(out, f64x2.mul(pd, sd), 48);
}

/** The constants of log, each twice: see {@link EXP}. */
const LOG = memory.data<f64>(
  [
    2.2250738585072014e-308, 2.2250738585072014e-308, Infinity, Infinity, 1.0, 1.0, 2.0, 2.0, 0.5, 0.5,
    // 2^52 + 1023
    4503599627371519.0, 4503599627371519.0,
    1.9082149292705877e-10, 1.9082149292705877e-10, 0.6931471803691238, 0.6931471803691238,
    // The coefficients of R, highest first.
    0.14797507764432266, 0.14797507764432266, 0.1531390323969325, 0.1531390323969325,
    0.18183569740160496, 0.18183569740160496, 0.22222198475977145, 0.22222198475977145,
    0.28571428743262806, 0.28571428743262806, 0.3999999999941109, 0.3999999999941109,
    0.6666666666666735, 0.6666666666666735,
  ],
  16,
);
/** Bit patterns for the split of a number into exponent and fraction, each twice. */
const SPLIT = memory.data<u64>(
  [
    0x3ff0000000000000 - 0x3fe6a09e667f3bcd, 0x3ff0000000000000 - 0x3fe6a09e667f3bcd,
    0x4330000000000000, 0x4330000000000000, 0x000fffffffffffff, 0x000fffffffffffff,
    0x3fe6a09e667f3bcd, 0x3fe6a09e667f3bcd,
  ],
  16,
);

/**
 * Natural logarithm of two numbers, within 0.9 ulp: x = 2^k m, sqrt(1/2) <= m < sqrt(2), f = m - 1, s = f / (2 + f),
 * log(1 + f) = 2 s + s R(s^2), R the minimax polynomial of degree 7 without constant term (Remez). 0 gives -Infinity,
 * negative numbers NaN.
 */
@inline
export function log2lanes(argument: v128): v128 {
  const least = v128.load(LOG);
  const infinity = v128.load(LOG, 16);
  const usual = v128.and(f64x2.ge(argument, least), f64x2.lt(argument, infinity));
  let x = argument;
  let offset = v128.load(LOG, 80);
  if (!i64x2.all_true(usual)) {
    // Subnormal numbers are scaled by 2^54 first.
    const small = f64x2.lt(argument, least);
    x = v128.bitselect(f64x2.mul(argument, splat(18014398509481984.0)), argument, small);
    offset = f64x2.add(offset, v128.and(splat(54.0), small));
  }
  // Adding 1 - sqrt(1/2) in units of the bit pattern moves the carry into the exponent to where m crosses sqrt(2).
  const bits = i64x2.add(x, v128.load(SPLIT));
  // The biased exponent as the low bits of 2^52.
  const k = f64x2.sub(v128.or(i64x2.shr_u(bits, 52), v128.load(SPLIT, 16)), offset);
  const m = i64x2.add(v128.and(bits, v128.load(SPLIT, 32)), v128.load(SPLIT, 48));
  const f = f64x2.sub(m, v128.load(LOG, 32));
  const s = f64x2.div(f, f64x2.add(v128.load(LOG, 48), f));
  const z = f64x2.mul(s, s);
  let q = multiplyAdd(v128.load(LOG, 128), z, v128.load(LOG, 144));
  q = multiplyAdd(q, z, v128.load(LOG, 160));
  q = multiplyAdd(q, z, v128.load(LOG, 176));
  q = multiplyAdd(q, z, v128.load(LOG, 192));
  q = multiplyAdd(q, z, v128.load(LOG, 208));
  q = multiplyAdd(q, z, v128.load(LOG, 224));
  const rest = f64x2.mul(z, q);
  const half = f64x2.mul(f64x2.mul(f, f), v128.load(LOG, 64));
  // 2 s + s R = f - (f^2/2 - s (f^2/2 + R)); the small parts are added first.
  const low = multiplyAdd(k, v128.load(LOG, 96), f64x2.mul(s, f64x2.add(half, rest)));
  let result = f64x2.sub(f64x2.mul(k, v128.load(LOG, 112)), f64x2.sub(f64x2.sub(half, low), f));
  if (!i64x2.all_true(usual)) {
    const zero = splat(0.0);
    result = v128.bitselect(splat(-Infinity), result, f64x2.eq(argument, zero));
    result = v128.bitselect(infinity, result, f64x2.eq(argument, infinity));
    result = v128.bitselect(result, splat(NaN), f64x2.ge(argument, zero));
  }
  return result;
}

/** log of one number. */
@inline
export function logScalar(x: f64): f64 {
  return f64x2.extract_lane(log2lanes(splat(x)), 0);
}

export function exp(n: usize, x: usize, out: usize): void {
  let i: usize = 0;
  for (; i + 8 <= n; i += 8) {
    const p = at(x, i);
    exp8(v128.load(p), v128.load(p, 16), v128.load(p, 32), v128.load(p, 48), at(out, i));
  }
  for (; i < n; i++) store1(at(out, i), exp2lanes(load1(at(x, i))));
}

export function log(n: usize, x: usize, out: usize): void {
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const p = at(x, i);
    const a = log2lanes(v128.load(p));
    const b = log2lanes(v128.load(p, 16));
    v128.store(at(out, i), a);
    v128.store(at(out, i), b, 16);
  }
  for (; i < n; i++) store1(at(out, i), log2lanes(splat(load<f64>(at(x, i)))));
}
