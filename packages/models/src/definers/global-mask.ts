import type { CompressibleModel, PruneRequest, RunOptions, Services } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { denseWeight } from '../weights/dense.js';
import { compressLayers, type Gather, type LayerTask } from './compress-layers.js';
import { keptOf, requireNumbers } from './keep-largest.js';
import { largestByColumn } from './largest-by-column.js';

/** By name of the layer: 1 where an element stays, row-major. */
export type GlobalMask = ReadonlyMap<string, Uint8Array>;

/**
 * What stays when a share of `sparsity` of all elements of all layers goes: those with the largest scores, exactly as many as asked for; of
 * equal ones the lower column, then the earlier layer, then the lower row. One pass over the dense model before anything is pruned, which
 * holds 17 bytes an element.
 * @throws NumericalError where a score is NaN
 */
export async function globalMask(
  model: CompressibleModel,
  { calibration, layers, sparsity = 0 }: PruneRequest,
  gather: Gather,
  score: (task: LayerTask) => ArrayLike<number>,
  run: RunOptions,
  services: Services,
): Promise<GlobalMask> {
  const chosen = model.layers().filter(({ name }) => layers?.(name) ?? true);
  const scores = new Map(chosen.map(({ name, shape }) => [name, new Float64Array(shape[0] * shape[1])]));
  const probe = await compressLayers(
    model,
    { ...(calibration && { calibration }), ...(layers && { layers }) },
    {
      gather,
      propagate: false,
      compress(task) {
        const own = score(task);
        requireNumbers(own, task.matrix.length);
        scores.get(task.name)!.set(own);
        return { weight: denseWeight(tensor2d(task.matrix, [task.outputs, task.inputs])) };
      },
    },
    { ...(run.signal && { signal: run.signal }), ...(run.seed !== undefined && { seed: run.seed }) },
    services,
  );
  probe.model.dispose();
  const size = chosen.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  const matrices = chosen.map(({ name, shape }) => ({ scores: scores.get(name)!, inputs: shape[1] }));
  const masks = largestByColumn(matrices, keptOf(size, sparsity));
  return new Map(chosen.map(({ name }, i) => [name, masks[i]]));
}
