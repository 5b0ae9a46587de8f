import type { Matrix } from '@espalier/linalg';
import { type BlockFactor, factorBlock } from './block-solve.js';
import { factorForest, sparseOf } from './forest.js';
import { largestEigenvalue, largestEigenvalueOf } from './largest-eigenvalue.js';
import type { SmoothModel } from './smooth-model.js';

/** The block that a rule chose. Blocks of a fixed partition have an id, by which what depends on the block alone is kept. */
export interface Chosen {
  readonly block: Int32Array;
  readonly id?: number;
}

/** What the updates and rules need to know about a block. */
export interface BlockConstants {
  /** L_b: the largest eigenvalue of H_b. */
  lipschitz(chosen: Chosen): number;
  bound(chosen: Chosen): Matrix;
  /** H_b factored. */
  factor(chosen: Chosen): BlockFactor;
  /** H_b factored by message passing. @throws UnsupportedError where it is no forest */
  forest(chosen: Chosen): BlockFactor;
}

/** Above this size L_b comes from products with H instead of the block's matrix. */
const MATRIX_FREE = 256;

export function createBlockConstants(model: SmoothModel): BlockConstants {
  const constants: BlockConstants = {
    lipschitz: remembered(({ block }) => {
      if (block.length === 1) return model.lipschitz[block[0]];
      if (model.blockLipschitz) return model.blockLipschitz(block);
      return block.length <= MATRIX_FREE
        ? largestEigenvalue(model.hessianBound(block))
        : lipschitzByProducts(model, block);
    }),
    bound: remembered(({ block }) => model.hessianBound(block)),
    factor: remembered((chosen) => factorBlock(constants.bound(chosen))),
    forest: remembered(({ block }) =>
      model.graph
        ? factorForest(model.graph, block)
        : factorForest(
            sparseOf(model.hessianBound(block)),
            Int32Array.from(block, (_, j) => j),
          ),
    ),
  };
  return constants;
}

function remembered<T>(compute: (chosen: Chosen) => T): (chosen: Chosen) => T {
  const known: T[] = [];
  return (chosen) => {
    if (chosen.id === undefined) return compute(chosen);
    known[chosen.id] ??= compute(chosen);
    return known[chosen.id];
  };
}

function lipschitzByProducts(model: SmoothModel, block: Int32Array): number {
  const [whole, product] = [new Float64Array(model.n), new Float64Array(model.n)];
  return largestEigenvalueOf(block.length, (d, out) => {
    for (let j = 0; j < block.length; j++) whole[block[j]] = d[j];
    model.applyBound(whole, product);
    for (let j = 0; j < block.length; j++) out[j] = product[block[j]];
  });
}
