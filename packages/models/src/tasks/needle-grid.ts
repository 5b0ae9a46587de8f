import { type KVCompressor, type RunOptions, startRun } from '@espalier/core';
import { dispose, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import {
  type AttentionArrays,
  CODES,
  type NeedleOptions,
  type NeedleTask,
  needleTask,
} from './needle-task.js';

/** What a cache found. */
export interface NeedleResult {
  /** Share of the heads whose code was found, in [0, 1]. */
  readonly success: number;
  readonly bytes: number;
  readonly denseBytes: number;
}

/** Fills a cache with the prompt of a task and asks the question: a head succeeds where its code is the largest of the output's. */
export async function findNeedle(compressor: KVCompressor, task: NeedleTask): Promise<NeedleResult> {
  const { shape, length, prompt, question, codes } = task;
  const cache = compressor.open(shape);
  const { heads, headDimension: d } = shape;
  try {
    const tokens = tensorsOf(prompt, [heads, length, d]);
    if (cache.fill) cache.fill(...tokens);
    else cache.prefill(...tokens).dispose();
    dispose(tokens);
    const bytes = cache.bytes();
    const asked = tensorsOf(question, [heads, 1, d]);
    const answer = cache.decode(...asked);
    const values = await answer.data();
    dispose([answer, ...asked]);
    let found = 0;
    for (let head = 0; head < heads; head++) {
      let best = 0;
      for (let code = 1; code < CODES; code++)
        if (values[head * d + code] > values[head * d + best]) best = code;
      if (best === codes[head]) found++;
    }
    return { success: found / heads, bytes, denseBytes: 2 * 4 * heads * length * d };
  } finally {
    cache.dispose();
  }
}

/** See {@link needleGrid}. */
export interface NeedleGridOptions extends Omit<NeedleOptions, 'length' | 'depth'> {
  /** Default 1024, 4096 and 16384. */
  readonly lengths?: readonly number[];
  /** Default 0, 0.1, ..., 1. */
  readonly depths?: readonly number[];
}

/** One cell of the grid. */
export interface NeedleCell extends NeedleResult {
  readonly length: number;
  readonly depth: number;
}

/**
 * {@link findNeedle} for each length and depth.
 * @throws AbortedError between cells
 */
export async function needleGrid(
  compressor: KVCompressor,
  options: NeedleGridOptions = {},
  run: RunOptions = {},
): Promise<readonly NeedleCell[]> {
  const {
    lengths = [1024, 4096, 16_384],
    depths = Array.from({ length: 11 }, (_, i) => i / 10),
    ...task
  } = options;
  const state = startRun(run);
  const cells: NeedleCell[] = [];
  for (const length of lengths) {
    for (const depth of depths) {
      await state.turn();
      cells.push({
        length,
        depth,
        ...(await findNeedle(compressor, needleTask({ ...task, length, depth }))),
      });
      state.report({ iteration: cells.length, fraction: cells.length / (lengths.length * depths.length) });
    }
  }
  return cells;
}

function tensorsOf(
  { queries, keys, values }: AttentionArrays,
  shape: [number, number, number],
): [Tensor3D, Tensor3D, Tensor3D] {
  return [tensor3d(queries, shape), tensor3d(keys, shape), tensor3d(values, shape)];
}
