import { createMatrix, type Matrix } from '@espalier/linalg';
import type { Design } from './design.js';

/** Smaller blocks are computed faster than looked up. */
const SMALLEST = 16;

/**
 * Products of the columns in a block, A_b'A_b, from those of the blocks before: working sets change little from one iteration to
 * the next. Keeps the products of one set of columns; adds the new columns where that costs less than the block anew, else starts again
 * with it.
 */
export function cachedGram(design: Design): (block: Int32Array) => Matrix {
  /** 1 + place in `members`; 0 for columns that are not kept. */
  const places = new Int32Array(design.cols);
  let members: Int32Array = new Int32Array(0);
  /** members x members, rows `stride` apart. */
  let products = new Float64Array(0);
  let stride = 0;

  const restart = (block: Int32Array, gram: Matrix) => {
    for (const j of members) places[j] = 0;
    members = block.slice();
    products = gram.data.slice();
    stride = block.length;
    block.forEach((j, k) => {
      places[j] = k + 1;
    });
  };
  const extend = (added: Int32Array) => {
    const [before, after] = [members.length, members.length + added.length];
    if (after > stride) {
      const grown = new Float64Array((2 * after) ** 2);
      for (let i = 0; i < before; i++)
        grown.set(products.subarray(i * stride, i * stride + before), i * 2 * after);
      products = grown;
      stride = 2 * after;
    }
    const all = new Int32Array(after);
    all.set(members);
    all.set(added, before);
    const { data } = design.gram(added, all);
    for (let a = 0; a < added.length; a++) {
      const row = before + a;
      places[added[a]] = row + 1;
      for (let j = 0; j < after; j++) {
        products[row * stride + j] = data[a * after + j];
        products[j * stride + row] = data[a * after + j];
      }
    }
    members = all;
  };
  const gather = (block: Int32Array): Matrix => {
    const n = block.length;
    const result = createMatrix(n, n);
    for (let i = 0; i < n; i++) {
      const row = (places[block[i]] - 1) * stride - 1;
      for (let j = 0; j < n; j++) result.data[i * n + j] = products[row + places[block[j]]];
    }
    return result;
  };
  return (block) => {
    if (block.length < SMALLEST) return design.gram(block, block);
    const added = block.filter((j) => places[j] === 0);
    if (added.length * (members.length + added.length) > 0.5 * block.length ** 2) {
      const gram = design.gram(block, block);
      restart(block, gram);
      return gram;
    }
    if (added.length > 0) extend(added);
    return gather(block);
  };
}
