import type { CompressibleModel, PruneRequest, RunOptions, Services } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { denseWeight } from '../weights/dense.js';
import { compressLayers, type Gather, type LayerTask } from './compress-layers.js';

/**
 * The score that a share of `sparsity` of all elements of all layers does not exceed: one pass over the dense model before anything is
 * pruned.
 */
export async function globalThreshold(
  model: CompressibleModel,
  { calibration, layers, sparsity = 0 }: PruneRequest,
  gather: Gather,
  score: (task: LayerTask) => ArrayLike<number>,
  run: RunOptions,
  services: Services,
): Promise<number> {
  const sizes = model.layers().map(({ name, shape }) => ((layers?.(name) ?? true) ? shape[0] * shape[1] : 0));
  const scores = new Float64Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  const probe = await compressLayers(
    model,
    { ...(calibration && { calibration }), ...(layers && { layers }) },
    {
      gather,
      propagate: false,
      compress(task) {
        scores.set(score(task), at);
        at += task.matrix.length;
        return { weight: denseWeight(tensor2d(task.matrix, [task.outputs, task.inputs])) };
      },
    },
    { ...(run.signal && { signal: run.signal }), ...(run.seed !== undefined && { seed: run.seed }) },
    services,
  );
  probe.model.dispose();
  scores.sort();
  return scores[Math.floor(scores.length * sparsity + 1e-9) - 1] ?? Number.NEGATIVE_INFINITY;
}
