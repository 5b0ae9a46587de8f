import {
  type CompressedWeight,
  InvalidDataError,
  type StoredArrays,
  type StoredWeight,
} from '@espalier/core';
import { blockDiagonalMatMulOp } from '@espalier/kernels';
import { bitmapWeight, multiplyRows, nOfMWeight, restoreWeight } from '@espalier/models';
import { type Tensor2D, type Tensor3D, tensor3d, tidy, transpose } from '@tensorflow/tfjs-core';

/** The blocks of a block-diagonal matrix. */
export interface Wrapper {
  /** `[rows / size, size, size]` */
  readonly blocks: Float32Array;
  readonly size: number;
}

/** The parts of A S B: A and B block diagonal, S in a sparse form. A wrapper that is left out is the identity and takes no memory. */
export interface FactoredParts {
  readonly shape: readonly [outputs: number, inputs: number];
  readonly a?: Wrapper | undefined;
  readonly core: CompressedWeight;
  readonly b?: Wrapper | undefined;
}

/** A weight A S B. */
export interface FactoredWeight extends CompressedWeight {
  readonly format: 'factored';
  /** S, which keeps to the pattern. */
  readonly core: CompressedWeight;
}

/**
 * A weight A S B that is used as y = A (S (B x)): the sparse core is multiplied as what it is, between two block-diagonal wrappers.
 * Takes over `core`.
 */
export function factoredWeight({ shape, a, b, core }: FactoredParts): FactoredWeight {
  const [left, right] = [a && tensorOf(a), b && tensorOf(b)];
  return {
    format: 'factored',
    core,
    shape,
    bytes: 4 * ((a?.blocks.length ?? 0) + (b?.blocks.length ?? 0)) + core.bytes,
    toDense: () =>
      tidy(() => {
        // The rows of S^T are multiplied by A, then those of (A S) by B^T.
        const s = core.toDense();
        const as = left ? (transpose(byBlocks(transpose(s), left, true)) as Tensor2D) : s;
        return right ? byBlocks(as, right, false) : as;
      }),
    matmul: (x) =>
      multiplyRows(x, shape, (rows) => {
        const sbx = core.matmul(right ? byBlocks(rows, right, true) : rows) as Tensor2D;
        return left ? byBlocks(sbx, left, true) : sbx;
      }),
    async store(): Promise<StoredWeight> {
      const { format, arrays, attributes } = await core.store!();
      const wrapper = (name: string, of: Wrapper | undefined, tensor: Tensor3D | undefined): StoredArrays =>
        of && tensor ? { [name]: { shape: tensor.shape, data: of.blocks } } : {};
      return {
        format: 'factored',
        shape,
        arrays: {
          ...wrapper('a', a, left),
          ...wrapper('b', b, right),
          ...Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`core.${name}`, array])),
        },
        attributes: { core: { format, ...attributes }, wrappers: a && b ? 'both' : a ? 'left' : 'right' },
      };
    },
    dispose() {
      left?.dispose();
      right?.dispose();
      core.dispose();
    },
  };
}

/** Row-major factors in float64, as `armorLayer` returns them. */
export interface RowMajorFactors {
  readonly a?: Float64Array | undefined;
  readonly s: Float64Array;
  readonly b?: Float64Array | undefined;
}

/** The weight from its factors, the core stored as n:m or as a bitmap; without wrappers it is the core alone. */
export function factoredFrom(
  shape: readonly [outputs: number, inputs: number],
  factors: RowMajorFactors,
  pattern: { readonly n: number; readonly m: number } | 'unstructured',
  { blockOut, blockIn }: { readonly blockOut: number; readonly blockIn: number },
): CompressedWeight {
  const s = Float32Array.from(factors.s);
  const core = pattern === 'unstructured' ? bitmapWeight(s, shape) : nOfMWeight(s, shape, pattern);
  if (!factors.a && !factors.b) return core;
  const wrapper = (blocks: Float64Array | undefined, size: number) =>
    blocks && { blocks: Float32Array.from(blocks), size };
  return factoredWeight({ shape, core, a: wrapper(factors.a, blockOut), b: wrapper(factors.b, blockIn) });
}

/** The weight from what {@link factoredWeight} stores. @throws InvalidDataError when the parts do not fit each other */
export function restoreFactored(stored: StoredWeight): CompressedWeight {
  // Without wrappers a layer is a bare core: see `factoredFrom`.
  if (stored.format !== 'factored') return restoreWeight(stored);
  const { shape, arrays, attributes } = stored;
  const absent = { left: 'b', right: 'a' }[String(attributes.wrappers)];
  const wrapper = (name: 'a' | 'b', size: number): Wrapper | undefined => {
    if (name === absent) return undefined;
    const found = arrays[name];
    const [count, rows, columns] = found?.shape ?? [];
    if (!(found?.data instanceof Float32Array) || rows !== columns || count * rows !== size)
      throw new InvalidDataError(
        `A stored factored weight [${shape}] has square blocks '${name}' for ${size} rows.`,
      );
    return { blocks: found.data, size: rows };
  };
  const { format, ...coreAttributes } = (attributes.core ?? {}) as { format?: string };
  const [a, b] = [wrapper('a', shape[0]), wrapper('b', shape[1])];
  const parts = Object.entries(arrays).filter(([name]) => name.startsWith('core.'));
  const core = restoreWeight({
    format: format ?? 'none',
    shape,
    arrays: Object.fromEntries(parts.map(([name, array]) => [name.slice('core.'.length), array])),
    attributes: coreAttributes,
  });
  return factoredWeight({ shape, a, b, core });
}

const tensorOf = ({ blocks, size }: Wrapper): Tensor3D =>
  tensor3d(blocks, [blocks.length / (size * size), size, size]);

/** Each row of x `[rows, n]` times the block-diagonal matrix D: x D, or x D^T, which is D applied to each row. */
function byBlocks(x: Tensor2D, blocks: Tensor3D, transposed: boolean): Tensor2D {
  return blockDiagonalMatMulOp.run({ x, blocks }, { transposed })[0] as Tensor2D;
}
