/** Values of float16 bits. */
export function floatsFromHalves(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return half & 0x8000 ? -size : size;
  });
}

/** float16 bits of values, rounded to nearest, halves to even; too large ones become infinite. */
export function halvesFromFloats(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => {
    const sign = (word >>> 16) & 0x8000;
    const size = word & 0x7fffffff;
    if (size >= 0x7f800000) return sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00);
    // 65520 and more round to infinity.
    if (size >= 0x477ff000) return sign | 0x7c00;
    if (size < 0x38800000) {
      // Subnormal: a whole multiple of 2^-24.
      const multiple = Math.abs(asFloat(size)) * 2 ** 24;
      const floor = Math.floor(multiple);
      const rest = multiple - floor;
      return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
    }
    const rounded = size + 0xfff + ((size >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  });
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function asFloat(bits: number): number {
  word[0] = bits;
  return float[0];
}
