import { InvalidDataError, type TensorPart } from '@espalier/core';

/**
 * Rows and columns as a tensor of two whole numbers, I64 or I32.
 * @throws InvalidDataError for another tensor, and for sizes below 1
 */
export async function readStoredShape(part: TensorPart): Promise<readonly [rows: number, columns: number]> {
  const { dtype, shape, at } = part;
  if ((dtype !== 'I64' && dtype !== 'I32') || (shape.join() !== '2' && shape.join() !== '2,1'))
    throw new InvalidDataError(`${at} is ${dtype} [${shape}]; two I64 are expected, rows and columns.`);
  const { buffer } = await part.readBytes();
  const sizes = dtype === 'I64' ? [...new BigInt64Array(buffer)].map(Number) : [...new Int32Array(buffer)];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 1))
    throw new InvalidDataError(`${at} says [${sizes}]; rows and columns are at least 1.`);
  return sizes as [number, number];
}

/** The bytes of such a tensor of I64. */
export const storedShape = (shape: readonly [rows: number, columns: number]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(shape, BigInt).buffer);
