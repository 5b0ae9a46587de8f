import { InvalidDataError, UnsupportedError } from '@espalier/core';
import { float16FromFloat32, float32FromFloat16 } from '@espalier/models';
import { type CodebookLayer, type CodebookLayout, tilesPerScale } from './codebook-layer.js';

/** The tensors of one linear layer in a public AQLM checkpoint. */
export interface AqlmTensors {
  /** `[outputs / outGroup, inputs / inGroup, M]`: a code c from 2^(B-1) on stands as c - 2^B. */
  readonly codes: Int8Array | Int16Array;
  /** float16 `[M, 2^B, outGroup, inGroup]` */
  readonly codebooks: Uint16Array;
  /** float16 `[outputs / outGroup, 1, 1, 1]` */
  readonly scales: Uint16Array;
}

/**
 * A layer as public AQLM checkpoints hold it: int8 codes up to 8 bits, int16 beyond.
 * @throws UnsupportedError for scales of single tiles
 */
export function toAqlmTensors({ layout, codes, codebooks, scales }: CodebookLayer): AqlmTensors {
  if (layout.scaleBits)
    throw new UnsupportedError(
      'AQLM files hold a scale for each out-group; this layer has one for each tile.',
      {
        remedy: 'Quantize with scaleBits 0.',
      },
    );
  const half = 2 ** (layout.codeBits - 1);
  const signed = Array.from(codes, (code) => (code >= half ? code - 2 * half : code));
  return {
    codes: layout.codeBits <= 8 ? Int8Array.from(signed) : Int16Array.from(signed),
    codebooks: float16FromFloat32(Float32Array.from(codebooks)),
    scales: float16FromFloat32(Float32Array.from(scales)),
  };
}

/**
 * The inverse of {@link toAqlmTensors}.
 * @param at where they come from, with which a message begins
 * @throws InvalidDataError for sizes or codes that do not fit the layout
 */
export function fromAqlmTensors(
  layout: CodebookLayout,
  { codes, codebooks, scales }: AqlmTensors,
  at = 'AQLM tensors',
): CodebookLayer {
  const { outputs, outGroup, inGroup, codebooks: count, codeBits } = layout;
  const groups = outputs / outGroup;
  const size = 2 ** codeBits;
  const expected = [groups * tilesPerScale(layout) * count, count * size * outGroup * inGroup, groups];
  const given = [codes.length, codebooks.length, scales.length];
  if (given.some((length, i) => length !== expected[i]))
    throw new InvalidDataError(
      `${at}: codes, codebooks and scales of [${outputs}, ${layout.inputs}] have ${expected} elements; given ${given}.`,
    );
  const outside = codes.findIndex((code) => code < -size / 2 || code >= size / 2);
  if (outside >= 0)
    throw new InvalidDataError(
      `${at}: a signed code of ${codeBits} bits is from ${-size / 2} to ${size / 2 - 1}; code ${outside} is ${codes[outside]}.`,
    );
  return {
    layout,
    codes: Uint16Array.from(codes, (code) => (code < 0 ? code + size : code)),
    codebooks: Float64Array.from(float32FromFloat16(codebooks)),
    scales: Float64Array.from(float32FromFloat16(scales)),
  };
}
