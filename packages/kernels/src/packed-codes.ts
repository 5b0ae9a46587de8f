/**
 * Packs whole numbers of `width` bits one after the other, the lowest bits first; a number may cross a byte.
 * @param codes each in [0, 2^width)
 * @param width 1 to 16
 */
export function packCodes(codes: ArrayLike<number>, width: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(Math.ceil((codes.length * width) / 8));
  for (let i = 0, bit = 0; i < codes.length; i++, bit += width) {
    const shifted = codes[i]! << (bit & 7);
    const at = bit >> 3;
    packed[at]! |= shifted;
    if ((bit & 7) + width > 8) packed[at + 1]! |= shifted >> 8;
    if ((bit & 7) + width > 16) packed[at + 2]! |= shifted >> 16;
  }
  return packed;
}

/** The `count` numbers that {@link packCodes} packed. */
export function unpackCodes(packed: Uint8Array, width: number, count: number): Uint16Array<ArrayBuffer> {
  const codes = new Uint16Array(count);
  const ones = (1 << width) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const at = bit >> 3;
    const bits = packed[at]! | ((packed[at + 1] ?? 0) << 8) | ((packed[at + 2] ?? 0) << 16);
    codes[i] = (bits >> (bit & 7)) & ones;
  }
  return codes;
}
