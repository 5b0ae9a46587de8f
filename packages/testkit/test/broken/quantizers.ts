import {
  defineQuantizer,
  InvalidProblemError,
  type LayerReport,
  type OptionsSchema,
  type QuantizerAlgorithm,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { denseWeight, type QuantizerFixture } from '../../src/neural.js';

export const fixture: QuantizerFixture = {
  requests: { 'two bits': { bits: 2 }, 'six bits': { bits: 6 } },
  invalid: { 'half a bit': { bits: 0.5 } },
};

/** Rounds to multiples of a power of two; `stepOf` says of which for a number of bits. */
function quantizer(stepOf: (bits: number) => number): QuantizerAlgorithm<string, OptionsSchema> {
  return defineQuantizer({
    name: 'fixed-point',
    summary: 'Rounds to multiples of a step.',
    options: z.strictObject({}),
    create: () => ({
      async quantize(model, { bits, layers: wanted = () => true, onLayer }, run) {
        if (!Number.isInteger(bits)) throw new UnsupportedError('bits is an integer.');
        const state = startRun(run);
        const quantized = model.clone();
        const layers: LayerReport[] = [];
        try {
          for (const { name, weight } of quantized.layers()) {
            if (!wanted(name)) continue;
            state.throwIfAborted();
            const dense = weight.toDense();
            const { shape } = dense;
            const values = Float32Array.from(
              await dense.data(),
              (value) => Math.round(value / stepOf(bits)) * stepOf(bits),
            );
            dense.dispose();
            if (!values.every(Number.isFinite)) throw new InvalidProblemError('A weight is not finite.');
            const stored = denseWeight(tensor2d(values, shape));
            quantized.replaceWeight(name, stored);
            const report = {
              layer: name,
              format: 'dense',
              sparsity: values.filter((value) => value === 0).length / values.length,
              bitsPerWeight: 32,
              bytes: 4 * values.length,
              seconds: 0,
            };
            layers.push(report);
            await onLayer?.(report, stored);
            state.report({ iteration: layers.length });
          }
        } catch (error) {
          quantized.dispose();
          throw error;
        }
        return {
          model: quantized,
          layers,
          droppedBlocks: [],
          bytesBefore: model.bytes,
          bytesAfter: quantized.bytes,
        };
      },
    }),
  });
}

export const good = quantizer((bits) => 2 ** -bits);
/** Coarser with more bits. */
export const coarser = quantizer((bits) => 2 ** (bits - 6));
