import {
  type AlgorithmSpec,
  type CompressedWeight,
  defineQuantizer,
  InvalidProblemError,
  type OptionsSchema,
  type QuantizeRequest,
  type Quantizer,
  type QuantizerAlgorithm,
  type StoredWeight,
  UnsupportedError,
} from '@espalier/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type CompressedLayer, compressLayers, type Gather, type LayerTask } from './compress-layers.js';

type Output<S extends OptionsSchema> = StandardSchemaV1.InferOutput<S>;

/** A layer with the width that is asked for. */
export interface QuantizeTask extends LayerTask {
  /** Target bits a weight. */
  readonly bits: number;
  /** Consecutive inputs that share a scale; divides `inputs`. */
  readonly groupSize: number;
}

/** What the author of a layerwise quantizer writes. */
export type LayerwiseQuantizerSpec<N extends string, S extends OptionsSchema> = Omit<
  AlgorithmSpec<N, S, Quantizer>,
  'create'
> & {
  /** Statistics of the inputs. Default `none`. */
  readonly gather?: Gather;
  /** Whether a layer is calibrated on inputs that come through the quantized layers before it. Default false. */
  readonly propagate?: boolean | ((options: Output<S>) => boolean);
  /** True for a width that the method offers, or what it offers. */
  accepts(bits: number, options: Output<S>): true | string;
  quantizeLayer(
    task: QuantizeTask,
    options: Output<S>,
  ): CompressedWeight | CompressedLayer | Promise<CompressedWeight | CompressedLayer>;
  /** Reads a stored form of the method's own back. */
  readonly restore?: (stored: StoredWeight) => CompressedWeight;
};

/** The group size of requests that name none: the largest divisor of a layer's inputs up to this one is taken. */
export const DEFAULT_GROUP_SIZE = 128;

/** Defines a quantizer that works on one layer after the other: what is left to write is what it does to a layer. */
export function defineLayerwiseQuantizer<const N extends string, S extends OptionsSchema>(
  spec: LayerwiseQuantizerSpec<N, S>,
): QuantizerAlgorithm<N, S> {
  const { gather = 'none', propagate = false, accepts, quantizeLayer, restore, ...common } = spec;
  return defineQuantizer<N, S>({
    ...(common as Omit<AlgorithmSpec<N, S, Quantizer>, 'create'>),
    create: (options, services) => ({
      async quantize(model, request, run = {}) {
        const { bits } = request;
        if (!(Number.isFinite(bits) && bits > 0))
          throw new InvalidProblemError(`The bits a weight are a positive number; given ${bits}.`);
        const accepted = accepts(bits, options);
        if (accepted !== true)
          throw new UnsupportedError(`${spec.name} offers ${accepted}; given ${bits} bits.`);
        requireGroupSize(model.layers(), request);
        return compressLayers(
          model,
          request,
          {
            gather,
            propagate: typeof propagate === 'function' ? propagate(options) : propagate,
            ...(restore && { restore }),
            compress: async (task) => {
              const groupSize = request.groupSize ?? largestDivisor(task.inputs, DEFAULT_GROUP_SIZE);
              const result = await quantizeLayer({ ...task, bits, groupSize }, options);
              return 'weight' in result ? result : { weight: result };
            },
          },
          run,
          services,
        );
      },
    }),
  });
}

function requireGroupSize(
  layers: readonly { readonly name: string; readonly shape: readonly [number, number] }[],
  { groupSize, layers: accepted }: QuantizeRequest,
): void {
  if (groupSize === undefined) return;
  for (const { name, shape } of layers)
    if (
      (accepted?.(name) ?? true) &&
      !(Number.isInteger(groupSize) && groupSize >= 1 && shape[1] % groupSize === 0)
    )
      throw new InvalidProblemError(
        `A group size divides the inputs of every layer; given ${groupSize}, ${name} has ${shape[1]} inputs.`,
        { remedy: `For this layer ${largestDivisor(shape[1], DEFAULT_GROUP_SIZE)} would do.` },
      );
}

/** The largest divisor of `number` that is at most `limit`. */
export function largestDivisor(number: number, limit: number): number {
  for (let divisor = Math.min(number, limit); divisor > 1; divisor--)
    if (number % divisor === 0) return divisor;
  return 1;
}
