import { InvalidDataError, type NamedTensors, type Optimizer, type StateDict } from '@espalier/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Trainable } from './trainable.js';

/** Everything that a training goes on from. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly parameters: NamedTensors;
  readonly optimizer: StateDict;
  dispose(): void;
}

/** Copies of the parameters and of the optimizer's state; the caller disposes of them. */
export function captureState(trainable: Trainable, optimizer: Optimizer, step: number): TrainingState {
  const parameters: Record<string, Tensor> = {};
  for (const [name, parameter] of Object.entries(trainable.parameters)) parameters[name] = parameter.clone();
  return trainingState(step, parameters, optimizer.state());
}

/**
 * Puts a state back; nothing changes when it does not fit.
 * @returns steps done
 * @throws InvalidDataError when a parameter is missing or of another shape or type, or the optimizer refuses its part
 */
export function restoreState(trainable: Trainable, optimizer: Optimizer, state: TrainingState): number {
  for (const [name, { dtype, shape }] of Object.entries(trainable.parameters)) {
    const stored: Tensor | undefined = state.parameters[name];
    if (stored?.dtype !== dtype || stored.shape.join() !== shape.join())
      throw new InvalidDataError(
        `The training state holds ${name} as ${stored ? `${stored.dtype} [${stored.shape}]` : 'nothing'}; the model has ${dtype} [${shape}].`,
      );
  }
  optimizer.restore(state.optimizer);
  for (const [name, parameter] of Object.entries(trainable.parameters))
    parameter.assign(state.parameters[name]);
  return state.step;
}

/** A state of these tensors, which it takes over. */
export function trainingState(step: number, parameters: NamedTensors, optimizer: StateDict): TrainingState {
  return {
    step,
    parameters,
    optimizer,
    dispose() {
      for (const each of [...Object.values(parameters), ...Object.values(optimizer.tensors)]) each.dispose();
    },
  };
}
