export { packCodes, unpackCodes } from '@espalier/kernels';

/** Whether bit `index` is set; bit i % 8 of byte i / 8, the lowest first. */
export function isSet(bytes: Uint8Array, index: number): boolean {
  return ((bytes[index >> 3] >> (index & 7)) & 1) === 1;
}

/** Sets bit `index`. */
export function setBit(bytes: Uint8Array, index: number): void {
  bytes[index >> 3] |= 1 << (index & 7);
}
