import {
  type Batch,
  type CompressibleModel,
  NumericalError,
  type ResidualBlock,
  type RunState,
} from '@espalier/core';
import { releasingTape } from '@espalier/models';
import {
  dispose,
  losses,
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  tidy,
  Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { QuantizedLayer } from './quantized-layer.js';
import { Tuning } from './tuning.js';

/** See {@link tuneBlock}. */
export interface BlockSettings {
  /** Adam's learning rate. */
  readonly blockRate: number;
  readonly blockEpochs: number;
  /** Epochs without a gain on the validation batches after which it stops. */
  readonly blockPatience: number;
}

/** What tuning a block did: mean squared errors of its outputs on the validation batches. */
export interface TunedBlock {
  readonly block: number;
  readonly before: number;
  readonly after: number;
  readonly epochs: number;
}

/** A batch with the hidden states that enter a block; the first block reads the batch itself. */
export interface BlockInput {
  readonly batch: Batch;
  readonly hidden?: Tensor;
}

/** Share of the batches that judge, not train, where there is more than one. */
const VALIDATION_SHARE = 1 / 8;

/**
 * Tunes the continuous numbers of a block's quantized layers, and its norms and biases, so that the block gives for the inputs that the quantized
 * model has the outputs that the dense block gives for them. Adam with betas 0.9 and 0.95; the state with the least error on the validation
 * batches, the last eighth, is kept; with a single batch it is judged on that.
 * Source: AQLM (arXiv:2401.06118), section 3.4.
 *
 * @param blocks the residual branches of the block, in order
 * @param layers its quantized layers
 * @throws NumericalError when the error is not finite; AbortedError between batches
 */
export async function tuneBlock(
  student: CompressibleModel,
  teacher: CompressibleModel,
  blocks: readonly ResidualBlock[],
  layers: ReadonlyMap<string, QuantizedLayer>,
  inputs: readonly BlockInput[],
  { blockRate, blockEpochs, blockPatience }: BlockSettings,
  state: RunState,
): Promise<TunedBlock> {
  const betas = [0.9, 0.95] as const;
  const adam = { learningRate: blockRate, betas, lamb: false, debias: true, amsgrad: false };
  const tuning = new Tuning(
    student,
    layers,
    { continuous: adam, discrete: adam, deltaDecay: 1 },
    vectorsOf(student),
  );
  const goals: Tensor[] = [];
  const errorAt = (i: number): Scalar =>
    tidy(() => losses.meanSquaredError(goals[i], outputOf(student, blocks, inputs[i])));
  const held = inputs.length > 1 ? Math.max(1, Math.floor(VALIDATION_SHARE * inputs.length)) : 0;
  const training = inputs.slice(0, inputs.length - held).map((_, i) => i);
  const validation = held > 0 ? inputs.map((_, i) => i).slice(-held) : training;
  const judge = async (): Promise<number> => {
    let total = 0;
    for (const i of validation) {
      const error = errorAt(i);
      total += (await error.data())[0] / validation.length;
      error.dispose();
    }
    if (!Number.isFinite(total))
      throw new NumericalError(`The error of block ${blocks[0].index} is ${total}.`);
    return total;
  };
  let best = tuning.copy();
  try {
    for (const input of inputs) goals.push(outputOf(teacher, blocks, input));
    const before = await judge();
    let [after, epochs, since] = [before, 0, 0];
    for (; epochs < blockEpochs && since < blockPatience && !state.expired(); epochs++) {
      for (const i of training) {
        await state.turn();
        await tuning.step(gradientsOf(() => errorAt(i), tuning.variables()));
      }
      const value = await judge();
      since = value < after ? 0 : since + 1;
      if (value < after) [best, after] = [tuning.copy(), value];
    }
    return { block: blocks[0].index, before, after, epochs };
  } finally {
    dispose(goals);
    tuning.finish(best);
  }
}

/** Hidden states after a block. */
export const outputOf = (
  model: CompressibleModel,
  blocks: readonly ResidualBlock[],
  { batch, hidden }: BlockInput,
): Tensor =>
  model.forward!(batch, {
    ...(hidden && { start: { block: blocks[0].name, hidden } }),
    stop: blocks[blocks.length - 1].name,
  });

/** Gradients by name; a variable that plays no part has none. */
function gradientsOf(error: () => Scalar, variables: Readonly<Record<string, Variable>>): NamedTensorMap {
  const names = new Map(Object.entries(variables).map(([name, each]) => [each.name, name]));
  const { value, grads } = releasingTape(() => variableGrads(error, Object.values(variables)));
  value.dispose();
  return Object.fromEntries(Object.entries(grads).map(([of, gradient]) => [names.get(of)!, gradient]));
}

/** Norms and biases; not the tables of embeddings, which the first block reads. */
function vectorsOf(model: CompressibleModel): Readonly<Record<string, Variable>> {
  return Object.fromEntries(
    Object.entries(model.otherParameters()).filter(
      ([, parameter]) => parameter instanceof Variable && (parameter.rank === 1 || parameter.shape[0] === 1),
    ),
  );
}
