import { InvalidDataError, InvalidProblemError, type JsonObject } from '@espalier/core';
import { elementCount } from './dtype.js';
import { ignoredLayers, layerOf } from './ignored-layers.js';
import type { PlannedTensor } from './safetensors-header.js';
import { storedShape } from './stored-shape.js';

/**
 * 2:4 sparsity in the format `sparse-24-bitmask` of compressed-tensors (github.com/vllm-project/compressed-tensors): of every
 * four consecutive inputs two are stored. A linear layer `L` of weight `[rows, columns]` becomes
 * - `L.compressed` `[rows, columns / 2]`: the stored values, in order;
 * - `L.bitmask` U8 `[rows, ceil(columns / 8)]`: a bit for every input, the lowest bit first;
 * - `L.shape` I64 `[2, 1]`: rows and columns.
 * vLLM reads it up to 0.18, on compute capability 9.0 and with rows a multiple of 8; later releases refuse 2:4 sparsity
 * (vllm-project/vllm pull request 36799). Dense safetensors are read everywhere.
 */
export const SPARSE24_FORMAT = 'sparse-24-bitmask';

/** The parts of one weight. */
export interface Sparse24Weight {
  readonly shape: readonly [rows: number, columns: number];
  readonly compressed: Float32Array;
  readonly bitmask: Uint8Array;
}

/**
 * Packs a weight `[rows, columns]` (row-major). Where a group of four has fewer than two numbers that are not zero, its first
 * zeros are stored too.
 * @throws InvalidProblemError where columns are no multiple of 4, or a group has more than two numbers (named by its position)
 */
export function packSparse24(values: Float32Array, shape: readonly [number, number]): Sparse24Weight {
  const [rows, columns] = shape;
  if (columns % 4 !== 0 || values.length !== rows * columns) {
    throw new InvalidProblemError(
      `2:4 sparsity takes a matrix whose columns are a multiple of 4; given [${shape}] with ${values.length} numbers.`,
    );
  }
  const stride = Math.ceil(columns / 8);
  const compressed = new Float32Array(values.length / 2);
  const bitmask = new Uint8Array(rows * stride);
  let stored = 0;
  for (let group = 0; group < values.length; group += 4) {
    const row = Math.floor(group / columns);
    const column = group - row * columns;
    let kept = nonZeros(values, group);
    if (bitCount(kept) > 2) {
      throw new InvalidProblemError(
        `Row ${row}, columns ${column} to ${column + 3} have more than two numbers that are not zero.`,
        { remedy: 'Prune the layer to 2:4 first, or write it dense.' },
      );
    }
    for (let i = 0; bitCount(kept) < 2; i++) kept |= 1 << i;
    for (let i = 0; i < 4; i++) if ((kept >> i) & 1) compressed[stored++] = values[group + i]!;
    const at = row * stride + (column >> 3);
    bitmask[at] = bitmask[at]! | (kept << (column & 4));
  }
  return { shape, compressed, bitmask };
}

/** Bit i: whether number i of the group is not zero. */
function nonZeros(values: Float32Array, group: number): number {
  let bits = 0;
  for (let i = 0; i < 4; i++) if (values[group + i] !== 0) bits |= 1 << i;
  return bits;
}

const bitCount = (four: number) => (four & 1) + ((four >> 1) & 1) + ((four >> 2) & 1) + ((four >> 3) & 1);

/**
 * The dense weight. @param name for messages
 * @throws InvalidDataError where sizes contradict each other, or a group of four does not store exactly two numbers
 */
export function unpackSparse24(weight: Sparse24Weight, name: string): Float32Array<ArrayBuffer> {
  const [rows, columns] = weight.shape;
  const { compressed, bitmask } = weight;
  const stride = Math.ceil(columns / 8);
  if (columns % 4 !== 0 || 2 * compressed.length !== rows * columns || bitmask.length !== rows * stride) {
    throw new InvalidDataError(
      `${name}: a shape of [${weight.shape}] does not fit ${compressed.length} values and ${bitmask.length} mask bytes.`,
    );
  }
  const values = new Float32Array(rows * columns);
  let stored = 0;
  for (let group = 0; group < values.length; group += 4) {
    const row = Math.floor(group / columns);
    const column = group - row * columns;
    const kept = (bitmask[row * stride + (column >> 3)]! >> (column & 4)) & 15;
    if (bitCount(kept) !== 2) {
      throw new InvalidDataError(
        `${name}: the mask of row ${row}, columns ${column} to ${column + 3}, keeps ${bitCount(kept)} numbers, not two.`,
      );
    }
    for (let i = 0; i < 4; i++) if ((kept >> i) & 1) values[group + i] = compressed[stored++]!;
  }
  return values;
}

/** The three tensors that stand for the weight `name` (`....weight`) in a file. */
export function planSparse24(
  name: string,
  shape: readonly [number, number],
  dtype: 'F32' | 'F16' | 'BF16',
): readonly PlannedTensor[] {
  const [rows, columns] = shape;
  const layer = layerOf(name);
  return [
    { name: `${layer}.compressed`, dtype, shape: [rows, columns / 2] },
    { name: `${layer}.bitmask`, dtype: 'U8', shape: [rows, Math.ceil(columns / 8)] },
    { name: `${layer}.shape`, dtype: 'I64', shape: [2, 1] },
  ];
}

/** The tensors of {@link planSparse24} with their content, for a writer. */
export function sparse24Tensors(
  name: string,
  weight: Sparse24Weight,
): readonly (readonly [name: string, content: Float32Array | Uint8Array])[] {
  const layer = layerOf(name);
  return [
    [`${layer}.compressed`, weight.compressed],
    [`${layer}.bitmask`, weight.bitmask],
    [`${layer}.shape`, storedShape(weight.shape)],
  ];
}

/**
 * `quantization_config` of a checkpoint with such weights.
 * @param sparse the weights that are packed, with their shapes
 * @param all every tensor of the model, with its shape
 */
export function sparse24Quantization(
  sparse: ReadonlyMap<string, readonly number[]>,
  all: ReadonlyMap<string, readonly number[]>,
): JsonObject {
  const count = (tensors: ReadonlyMap<string, readonly number[]>) =>
    [...tensors.values()].reduce((sum, shape) => sum + elementCount(shape)!, 0);
  return {
    quant_method: 'compressed-tensors',
    sparsity_config: {
      format: SPARSE24_FORMAT,
      global_sparsity: count(sparse) / 2 / count(all),
      ignore: ignoredLayers(sparse, all),
      sparsity_structure: '2:4',
      targets: ['Linear'],
    },
  };
}
