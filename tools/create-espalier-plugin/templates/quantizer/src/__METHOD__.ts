import {
  defineQuantizer,
  InvalidProblemError,
  type LayerReport,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { denseWeight } from './dense-weight.js';

/**
 * Round to nearest: each row is rounded to 2^bits levels between its extremes.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = defineQuantizer({
  name: '__METHOD__',
  summary: 'Rounds each row to equally spaced levels.',
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, { clock }) => ({
    async quantize(model, request, run) {
      const { bits, layers: wanted = () => true } = request;
      if (!Number.isInteger(bits) || bits < 1 || bits > 16) {
        throw new UnsupportedError(`bits is an integer from 1 to 16; given ${bits}.`);
      }
      const state = startRun(run, clock);
      const quantized = model.clone();
      const reports: LayerReport[] = [];
      try {
        for (const { name, weight } of quantized.layers().filter((layer) => wanted(layer.name))) {
          state.throwIfAborted();
          const start = state.elapsedMs();
          const [rows, columns] = weight.shape;
          const dense = weight.toDense();
          const values = await dense.data<'float32'>();
          dense.dispose();
          if (!values.every(Number.isFinite)) {
            throw new InvalidProblemError(`The weight of ${name} holds NaN or an infinity.`);
          }
          const stored = denseWeight(tensor2d(roundRows(values, columns, 2 ** bits - 1), [rows, columns]));
          const { bytes } = stored;
          quantized.replaceWeight(name, stored);
          const seconds = (state.elapsedMs() - start) / 1000;
          const report = { layer: name, format: 'dense', sparsity: 0, bitsPerWeight: 32, bytes, seconds };
          reports.push(report);
          await request.onLayer?.(report, stored);
          state.report({ iteration: reports.length, message: name });
        }
      } catch (error) {
        quantized.dispose(); // nobody else holds the copy
        throw error;
      }
      return {
        model: quantized,
        layers: reports,
        droppedBlocks: [],
        bytesBefore: model.bytes,
        bytesAfter: quantized.bytes,
      };
    },
  }),
});

/** A copy in which every row of length `columns` has values of `steps + 1` equally spaced levels. */
export function roundRows(values: Float32Array, columns: number, steps: number): Float32Array {
  const result = values.slice();
  for (let at = 0; at < values.length; at += columns) {
    const row = result.subarray(at, at + columns);
    const low = row.reduce((a, b) => Math.min(a, b));
    const step = (row.reduce((a, b) => Math.max(a, b)) - low) / steps;
    if (step === 0) continue; // a constant row is exact
    for (let j = 0; j < columns; j++) row[j] = low + Math.round((row[j]! - low) / step) * step;
  }
  return result;
}
