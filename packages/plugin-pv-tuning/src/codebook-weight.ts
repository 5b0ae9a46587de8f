import { type CompressedWeight, InvalidDataError, NumericalError, type StoredWeight } from '@espalier/core';
import {
  float16FromFloat32,
  float32FromFloat16,
  multiplyByTransposed,
  packCodes,
  unpackCodes,
} from '@espalier/models';
import {
  add,
  gather,
  mul,
  reshape,
  slice,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
  tidy,
  transpose,
  variable,
} from '@tensorflow/tfjs-core';
import {
  type CodebookLayer,
  type CodebookLayout,
  tileCount,
  tileSize,
  tilesPerScale,
} from './codebook-layer.js';

/** A weight of codes into codebooks, with a scale for each group of outputs. */
export interface CodebookWeight extends CompressedWeight {
  readonly format: 'codebook';
  readonly layout: CodebookLayout;
  /** What it holds at present, as float64. */
  layer(): Promise<CodebookLayer>;
}

/** Whether a weight is stored as codes. */
export const isCodebookWeight = (weight: CompressedWeight): weight is CodebookWeight =>
  weight.format === 'codebook' && 'layout' in weight;

/**
 * A weight that is stored as codes packed at B bits and codebooks and scales in float16, to which both are rounded here. Its parameters are
 * `codebooks` `[M, 2^B, outGroup, inGroup]` and `scales` `[outputs / outGroup, 1]`; products decode it, with gradients by both.
 *
 * @throws NumericalError for codebooks or scales beyond float16
 */
export function codebookWeight({ layout, codes, codebooks, scales }: CodebookLayer): CodebookWeight {
  const packed = packCodes(codes, layout.codeBits);
  return weightOf(layout, packed, toHalf('codebooks', codebooks), toHalf('scales', scales));
}

/** The weight from what it stores. @throws InvalidDataError when the parts do not fit the layout */
export function restoreCodebook({ shape, arrays, attributes }: StoredWeight): CodebookWeight {
  const number = (name: string): number => {
    const value = attributes[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new InvalidDataError(`A stored codebook weight has the whole number '${name}'; given ${value}.`);
    return value;
  };
  const layout: CodebookLayout = {
    outputs: shape[0],
    inputs: shape[1],
    outGroup: number('outGroup'),
    inGroup: number('inGroup'),
    codebooks: number('codebooks'),
    codeBits: number('codeBits'),
  };
  const { codes, codebooks, scales } = arrays;
  const count = tileCount(layout) * layout.codebooks;
  const expected = {
    codes: Math.ceil((count * layout.codeBits) / 8),
    codebooks: layout.codebooks * 2 ** layout.codeBits * tileSize(layout),
    scales: layout.outputs / layout.outGroup,
  };
  if (
    !(codes?.data instanceof Uint8Array && codes.data.length === expected.codes) ||
    !(codebooks?.data instanceof Uint16Array && codebooks.data.length === expected.codebooks) ||
    !(scales?.data instanceof Uint16Array && scales.data.length === expected.scales)
  )
    throw new InvalidDataError(
      `A stored codebook weight [${shape}] has ${expected.codes} bytes of codes, ${expected.codebooks} float16 in codebooks and ${expected.scales} scales.`,
    );
  return weightOf(layout, codes.data, codebooks.data, scales.data);
}

function weightOf(
  layout: CodebookLayout,
  packed: Uint8Array,
  halfCodebooks: Uint16Array,
  halfScales: Uint16Array,
): CodebookWeight {
  const { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits } = layout;
  const groups = outputs / outGroup;
  const codes = unpackCodes(packed, codeBits, tileCount(layout) * count);
  const [codebooks, scales] = tidy(() => [
    variable(tensor(float32FromFloat16(halfCodebooks), [count, 2 ** codeBits, outGroup, inGroup])),
    variable(tensor(float32FromFloat16(halfScales), [groups, 1])),
  ]);
  const decode = (): Tensor2D =>
    tidy(() => {
      let tiles: Tensor | undefined;
      for (let m = 0; m < count; m++) {
        const indices = Int32Array.from(
          { length: codes.length / count },
          (_, tile) => codes[tile * count + m],
        );
        const vectors = reshape(slice(codebooks, [m, 0, 0, 0], [1, -1, -1, -1]), [2 ** codeBits, -1]);
        const chosen = gather(vectors, tensor1d(indices, 'int32'));
        tiles = tiles ? add(tiles, chosen) : chosen;
      }
      const placed = reshape(tiles!, [groups, tilesPerScale(layout), outGroup, inGroup]);
      const rows = reshape(transpose(placed, [0, 2, 1, 3]), [groups, outGroup * inputs]);
      return reshape(mul(rows, scales), [outputs, inputs]) as Tensor2D;
    });
  const values = async () => ({
    codebooks: Float64Array.from(await codebooks.data()),
    scales: Float64Array.from(await scales.data()),
  });
  return {
    format: 'codebook',
    shape: [outputs, inputs],
    layout,
    bytes: packed.byteLength + 2 * (codebooks.size + scales.size),
    toDense: decode,
    matmul: (x) => tidy(() => multiplyByTransposed(x, decode())),
    parameters: () => ({ codebooks, scales }),
    layer: async () => ({ layout, codes: codes.slice(), ...(await values()) }),
    async store() {
      const now = await values();
      return {
        format: 'codebook',
        shape: [outputs, inputs],
        arrays: {
          codes: { shape: [packed.length], data: packed },
          codebooks: { shape: codebooks.shape, data: toHalf('codebooks', now.codebooks) },
          scales: { shape: scales.shape, data: toHalf('scales', now.scales) },
        },
        attributes: { outGroup, inGroup, codebooks: count, codeBits },
      };
    },
    dispose() {
      codebooks.dispose();
      scales.dispose();
    },
  };
}

/** The largest finite float16. */
const LARGEST_HALF = 65_504;

function toHalf(what: string, values: Float64Array): Uint16Array {
  const at = values.findIndex((value) => !(Math.abs(value) <= LARGEST_HALF));
  if (at >= 0)
    throw new NumericalError(`The ${what} of a layer are kept in float16; element ${at} is ${values[at]}.`);
  return float16FromFloat32(Float32Array.from(values));
}
