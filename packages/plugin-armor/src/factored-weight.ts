import { type CompressedWeight, InvalidDataError, type StoredWeight } from '@espalier/core';
import { bitmapWeight, nOfMWeight, restoreWeight } from '@espalier/models';
import {
  matMul,
  type Rank,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor3d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/** The parts of A S B: A and B block diagonal, S in a sparse form. */
export interface FactoredParts {
  readonly shape: readonly [outputs: number, inputs: number];
  /** `[outputs / blockOut, blockOut, blockOut]` */
  readonly a: Float32Array;
  readonly blockOut: number;
  readonly core: CompressedWeight;
  /** `[inputs / blockIn, blockIn, blockIn]` */
  readonly b: Float32Array;
  readonly blockIn: number;
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
export function factoredWeight({ shape, a, b, blockOut, blockIn, core }: FactoredParts): FactoredWeight {
  const [outputs, inputs] = shape;
  const left = tensor3d(a, [outputs / blockOut, blockOut, blockOut]);
  const right = tensor3d(b, [inputs / blockIn, blockIn, blockIn]);
  return {
    format: 'factored',
    core,
    shape,
    bytes: 4 * (a.length + b.length) + core.bytes,
    toDense: () =>
      tidy(() => {
        const s = core.toDense();
        // The rows of S^T are multiplied by A, then those of (A S) by B^T.
        const as = transpose(byBlocks(transpose(s), left, false)) as Tensor2D;
        return byBlocks(as, right, true) as Tensor2D;
      }),
    matmul: (x) =>
      tidy(() => {
        const rows = reshape<Rank.R2>(x, [-1, inputs]);
        const bx = byBlocks(rows, right, false);
        const ax = byBlocks(core.matmul(bx) as Tensor2D, left, false);
        return reshape(ax, [...x.shape.slice(0, -1), outputs]);
      }),
    async store(): Promise<StoredWeight> {
      const { format, arrays, attributes } = await core.store!();
      return {
        format: 'factored',
        shape,
        arrays: {
          a: { shape: left.shape, data: a },
          b: { shape: right.shape, data: b },
          ...Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`core.${name}`, array])),
        },
        attributes: { core: { format, ...attributes } },
      };
    },
    dispose() {
      left.dispose();
      right.dispose();
      core.dispose();
    },
  };
}

/** The weight from row-major factors in float64; the core is stored as n:m or as a bitmap. */
export function factoredFrom(
  shape: readonly [outputs: number, inputs: number],
  factors: { readonly a: Float64Array; readonly s: Float64Array; readonly b: Float64Array },
  pattern: { readonly n: number; readonly m: number } | 'unstructured',
  { blockOut, blockIn }: { readonly blockOut: number; readonly blockIn: number },
): FactoredWeight {
  const s = Float32Array.from(factors.s);
  const core = pattern === 'unstructured' ? bitmapWeight(s, shape) : nOfMWeight(s, shape, pattern);
  const [a, b] = [Float32Array.from(factors.a), Float32Array.from(factors.b)];
  return factoredWeight({ shape, a, b, blockOut, blockIn, core });
}

/** The weight from what {@link factoredWeight} stores. @throws InvalidDataError when the parts do not fit each other */
export function restoreFactored(stored: StoredWeight): FactoredWeight {
  const { shape, arrays, attributes } = stored;
  const block = (name: 'a' | 'b', size: number) => {
    const found = arrays[name];
    const [count, rows, columns] = found?.shape ?? [];
    if (!(found?.data instanceof Float32Array) || rows !== columns || count * rows !== size)
      throw new InvalidDataError(
        `A stored factored weight [${shape}] has square blocks '${name}' for ${size} rows.`,
      );
    return { data: found.data, size: rows };
  };
  const { format, ...coreAttributes } = (attributes['core'] ?? {}) as { format?: string };
  const [a, b] = [block('a', shape[0]), block('b', shape[1])];
  const parts = Object.entries(arrays).filter(([name]) => name.startsWith('core.'));
  const core = restoreWeight({
    format: format ?? 'none',
    shape,
    arrays: Object.fromEntries(parts.map(([name, array]) => [name.slice('core.'.length), array])),
    attributes: coreAttributes,
  });
  return factoredWeight({ shape, a: a.data, b: b.data, blockOut: a.size, blockIn: b.size, core });
}

/** Each row of x `[rows, n]` times the block-diagonal matrix from the left: (D x^T)^T; `transposed`: x D instead. */
function byBlocks(x: Tensor2D, blocks: Tensor3D, transposed: boolean): Tensor {
  const [count, size] = blocks.shape;
  const rows = x.shape[0];
  const parts = transpose(reshape<Rank.R3>(x, [rows, count, size]), [1, 0, 2]);
  return reshape(transpose(matMul(parts, blocks, false, !transposed), [1, 0, 2]), [rows, count * size]);
}
