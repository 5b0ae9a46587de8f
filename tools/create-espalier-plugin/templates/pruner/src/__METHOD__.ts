import {
  definePruner,
  InvalidProblemError,
  type LayerReport,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { denseWeight } from './dense-weight.js';

/**
 * Magnitude pruning: the smallest weights of each layer become zero.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = definePruner({
  name: '__METHOD__',
  summary: 'Zeroes the smallest weights of each layer.',
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, { clock }) => ({
    async prune(model, request, run) {
      const { sparsity = 0.5, pattern, layers: wanted = () => true } = request;
      if (pattern !== 'unstructured') throw new UnsupportedError('Only the pattern unstructured is offered.');
      if (!(sparsity >= 0 && sparsity < 1)) {
        throw new InvalidProblemError(`sparsity is in [0, 1); given ${sparsity}.`);
      }
      const state = startRun(run, clock);
      const pruned = model.clone();
      const reports: LayerReport[] = [];
      try {
        for (const { name, weight } of pruned.layers().filter((layer) => wanted(layer.name))) {
          state.throwIfAborted();
          const start = state.elapsedMs();
          const dense = weight.toDense();
          const values = await dense.data<'float32'>();
          dense.dispose();
          if (!values.every(Number.isFinite)) {
            throw new InvalidProblemError(`The weight of ${name} holds NaN or an infinity.`);
          }
          const stored = denseWeight(
            tensor2d(zeroSmallest(values, sparsity), [weight.shape[0], weight.shape[1]]),
          );
          const { bytes } = stored;
          pruned.replaceWeight(name, stored);
          const seconds = (state.elapsedMs() - start) / 1000;
          const report = { layer: name, format: 'dense', sparsity, bitsPerWeight: 32, bytes, seconds };
          reports.push(report);
          await request.onLayer?.(report, stored);
          state.report({ iteration: reports.length, message: name });
        }
      } catch (error) {
        pruned.dispose(); // nobody else holds the copy
        throw error;
      }
      return {
        model: pruned,
        layers: reports,
        droppedBlocks: [],
        bytesBefore: model.bytes,
        bytesAfter: pruned.bytes,
      };
    },
  }),
});

/** A copy in which the floor(sparsity * n) smallest magnitudes are zero; ties: the earlier element first. */
export function zeroSmallest(values: Float32Array, sparsity: number): Float32Array {
  const order = Array.from(values.keys()).sort(
    (i, j) => Math.abs(values[i]!) - Math.abs(values[j]!) || i - j,
  );
  const result = values.slice();
  for (const i of order.slice(0, Math.floor(sparsity * values.length + 1e-9))) result[i] = 0;
  return result;
}
