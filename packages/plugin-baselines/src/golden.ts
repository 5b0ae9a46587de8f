import type { GoldenRunner, GoldenRunners, JsonObject } from '@espalier/core';
import { gptq, roundToNearest, sparseGpt } from '@espalier/models/layer-compressors';

type Rows = number[][];

interface CompressorsFile {
  readonly W: Rows;
  readonly H: Rows;
  readonly relDamp: number;
  readonly cases: readonly {
    readonly kind: string;
    readonly bits: number;
    readonly groupSize: number | null;
    readonly blockSize: number;
    readonly sym: boolean;
    readonly actOrder?: boolean;
    readonly sparsity: number;
  }[];
}

/** GPTQ with codes, values and errors, and SparseGPT without a pattern. */
const layerCompressors: GoldenRunner = {
  async run(file) {
    const { W, H, relDamp, cases } = file as unknown as CompressorsFile;
    const columns = W[0].length;
    const weight = Float64Array.from(W.flat());
    const hessian = Float64Array.from(H.flat());
    const nmse = (values: Float64Array) => {
      const difference = weight.map((w, i) => w - values[i]);
      return quadratic(difference, hessian, columns) / quadratic(weight, hessian, columns);
    };
    return {
      cases: cases.map(({ kind, bits, groupSize, blockSize, sym: symmetric, actOrder = false, sparsity }) => {
        if (kind === 'gptq') {
          const group = groupSize === null ? {} : { groupSize };
          const options = { bits, ...group, blockSize, symmetric, actOrder, relativeDamping: relDamp };
          const { codes, values } = gptq(weight, columns, hessian, options);
          return {
            codes: rowsOf(codes, columns),
            dequantized: rowsOf(values, columns),
            nmse: nmse(values),
            rtn_nmse: nmse(roundToNearest(weight, columns, options).values),
          };
        }
        const options = { pattern: 'unstructured', sparsity, blockSize, relativeDamping: relDamp } as const;
        const values = sparseGpt(weight, columns, hessian, options);
        const zeros = values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
        return { weight: rowsOf(values, columns), nmse: nmse(values), zeros };
      }),
    };
  },
  tolerance(path, file) {
    const stated = file['tolerance'] as JsonObject;
    const name = path.find((part) => typeof part === 'string' && part !== 'cases');
    if (name === 'dequantized' || name === 'weight')
      return { absolute: Number(stated['dequantized']), relative: 0 };
    return { absolute: name === 'nmse' || name === 'rtn_nmse' ? Number(stated['nmse']) : 0, relative: 0 };
  },
};

const rowsOf = (values: ArrayLike<number>, columns: number): Rows =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );

/** tr(D H D^T). */
function quadratic(d: Float64Array, hessian: Float64Array, columns: number): number {
  let sum = 0;
  for (let start = 0; start < d.length; start += columns)
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++) sum += d[start + i] * hessian[i * columns + j] * d[start + j];
  return sum;
}

const golden: GoldenRunners = { 'layer-compressors': layerCompressors };
export default golden;
