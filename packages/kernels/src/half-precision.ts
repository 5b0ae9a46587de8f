/**
 * float32 to IEEE 754 binary16, to nearest, ties to even. Magnitudes from 65,520 become infinite, those up to 2^-25 zero;
 * infinities stay, NaN stays NaN.
 */
export function float16FromFloat32(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const result = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = float16Bits(bits[i]!);
  return result;
}

/** binary16 to float32: exact. */
export function float32FromFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  wideBits ??= Uint32Array.from({ length: 1 << 16 }, (_, half) => float32Bits(half));
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = wideBits[bits[i]!]!;
  return new Float32Array(result.buffer);
}

/** float32 to bfloat16 (its upper 16 bits), to nearest, ties to even; NaN stays NaN. */
export function bfloat16FromFloat32(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const result = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    // Rounding could carry the mantissa of a NaN into an infinity: it is cut off and made quiet.
    const isNotANumber = (word & 0x7fffffff) > 0x7f800000;
    result[i] = isNotANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return result;
}

/** bfloat16 to float32: exact. */
export function float32FromBfloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = bits[i]! << 16;
  return new Float32Array(result.buffer);
}

/** The float32 pattern of every binary16 pattern, made when first needed. */
let wideBits: Uint32Array | undefined;

const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

function float16Bits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff); // NaN, made quiet
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520: halfway between the largest number and 65,536
  if (magnitude >= 0x38800000) {
    // 2^-14 and above, a normal number: the bias falls from 127 to 15, and 13 bits of mantissa are rounded away.
    const rebiased = magnitude - (112 << 23);
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign; // 2^-25: halfway to the smallest number, and zero is even
  // A subnormal number counts units of 2^-24; mantissa * 2^(exponent - 150) has mantissa / 2^(126 - exponent) of them.
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const units = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (units + (rest > half || (rest === half && (units & 1) === 1) ? 1 : 0));
}

function float32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  const shift = Math.clz32(mantissa) - 21; // until the leading bit stands where a normal number hides it
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}
