import { InvalidDataError, type NamedTensors, type Optimizer, type StateDict } from '@espalier/core';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { decodeSafetensors, encodeSafetensors, type RawTensor } from '../checkpoint/safetensors.js';
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
  return stateOf(step, parameters, optimizer.state());
}

/**
 * Puts a state back; nothing changes when it does not fit.
 * @returns steps done
 * @throws InvalidDataError when a parameter is missing or of another shape, or the optimizer refuses its part
 */
export function restoreState(trainable: Trainable, optimizer: Optimizer, state: TrainingState): number {
  for (const [name, { shape }] of Object.entries(trainable.parameters)) {
    const stored = state.parameters[name];
    if (stored === undefined || stored.shape.join() !== shape.join())
      throw new InvalidDataError(
        `The training state holds ${name} with the shape [${stored?.shape ?? 'none'}]; the model has [${shape}].`,
      );
  }
  optimizer.restore(state.optimizer);
  for (const [name, parameter] of Object.entries(trainable.parameters))
    parameter.assign(state.parameters[name]);
  return state.step;
}

const PARAMETER = 'parameter/';
const OPTIMIZER = 'optimizer/';

/** A state as the bytes of a safetensors file. */
export async function encodeState({ step, parameters, optimizer }: TrainingState): Promise<Uint8Array> {
  const tensors: RawTensor[] = [];
  const add = async (prefix: string, named: NamedTensors) => {
    for (const [name, each] of Object.entries(named)) {
      const { buffer } = Float32Array.from(await each.data());
      tensors.push({ name: prefix + name, shape: each.shape, dtype: 'F32', bytes: new Uint8Array(buffer) });
    }
  };
  await add(PARAMETER, parameters);
  await add(OPTIMIZER, optimizer.tensors);
  return encodeSafetensors(tensors, { step: String(step), optimizer: JSON.stringify(optimizer.values) });
}

/** @throws InvalidDataError when the bytes are no such state */
export function decodeState(bytes: Uint8Array): TrainingState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const step = Number(metadata['step']);
  if (!Number.isInteger(step) || step < 0 || metadata['optimizer'] === undefined)
    throw new InvalidDataError(
      'This safetensors file is no training state: its metadata lack step and optimizer.',
    );
  const named = (prefix: string) =>
    Object.fromEntries(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { shape, bytes: raw }]) => [
          name.slice(prefix.length),
          tensor(new Float32Array(raw.slice().buffer), [...shape], 'float32'),
        ]),
    );
  return stateOf(step, named(PARAMETER), {
    tensors: named(OPTIMIZER),
    values: JSON.parse(metadata['optimizer']),
  });
}

function stateOf(step: number, parameters: NamedTensors, optimizer: StateDict): TrainingState {
  return {
    step,
    parameters,
    optimizer,
    dispose() {
      for (const each of [...Object.values(parameters), ...Object.values(optimizer.tensors)]) each.dispose();
    },
  };
}
