import { InvalidDataError, type NamedTensors, type StateDict } from '@espalier/core';
import { type DataType, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { TensorDtype } from '../checkpoint/checkpoint.js';
import { decodeSafetensors, encodeSafetensors, type RawTensor } from '../checkpoint/safetensors.js';
import { parseJsonObject } from '../checkpoint/strict-json.js';
import { type TrainingState, trainingState } from './training-state.js';

const PARAMETER = 'parameter/';
const OPTIMIZER = 'optimizer/';

/** How each type of a tensor is stored. */
const STORED = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
const TYPES = new Map<TensorDtype, keyof typeof STORED>(
  Object.entries(STORED).map(([type, stored]) => [stored, type as keyof typeof STORED]),
);

/**
 * A state as the bytes of a safetensors file, every number as it is.
 * @throws InvalidDataError for a tensor of text or of complex numbers
 */
export async function encodeState({ step, parameters, optimizer }: TrainingState): Promise<Uint8Array> {
  const tensors: RawTensor[] = [];
  const add = async (prefix: string, named: NamedTensors) => {
    for (const [name, each] of Object.entries(named)) {
      const dtype = storedType(prefix + name, each.dtype);
      const { buffer, byteOffset, byteLength } = await each.data();
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      tensors.push({ name: prefix + name, shape: each.shape, dtype, bytes });
    }
  };
  await add(PARAMETER, parameters);
  await add(OPTIMIZER, optimizer.tensors);
  return encodeSafetensors(tensors, { step: String(step), optimizer: JSON.stringify(optimizer.values) });
}

/**
 * @param file its name, for messages
 * @throws InvalidDataError when the bytes are no such state, or damaged: with the file, the part and the reason
 */
export function decodeState(bytes: Uint8Array, file = 'The file'): TrainingState {
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const step = stepOf(metadata['step'], file);
  const values = valuesOf(metadata['optimizer'], file);
  // All is looked at before the first tensor is made.
  const raw = [...tensors.values()];
  for (const each of raw) checkTensor(each, file);
  const named = (prefix: string) =>
    Object.fromEntries(
      raw
        .filter(({ name }) => name.startsWith(prefix))
        .map((each) => [each.name.slice(prefix.length), tensorOf(each)]),
    );
  return trainingState(step, named(PARAMETER), { tensors: named(OPTIMIZER), values });
}

function storedType(name: string, dtype: DataType): TensorDtype {
  if (dtype === 'string' || dtype === 'complex64')
    throw new InvalidDataError(
      `The tensor '${name}' is ${dtype}; a training state stores ${Object.keys(STORED).join(', ')}.`,
    );
  return STORED[dtype];
}

function stepOf(text: string | undefined, file: string): number {
  const step = text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(step))
    throw new InvalidDataError(
      `${file} is no training state: the step in its metadata is ${text === undefined ? 'missing' : JSON.stringify(text.slice(0, 80))}.`,
    );
  return step;
}

function valuesOf(text: string | undefined, file: string): StateDict['values'] {
  if (text === undefined)
    throw new InvalidDataError(`${file} is no training state: its metadata lack the optimizer's values.`);
  const bytes = new TextEncoder().encode(text);
  // What JSON yields has no member that is undefined.
  return parseJsonObject(bytes, `The optimizer's part of the metadata of ${file}`) as StateDict['values'];
}

function checkTensor({ name, dtype }: RawTensor, file: string): void {
  if (!(name.startsWith(PARAMETER) || name.startsWith(OPTIMIZER)))
    throw new InvalidDataError(
      `${file} is no training state: the tensor ${JSON.stringify(name.slice(0, 200))} is neither a parameter nor of the optimizer.`,
    );
  if (!TYPES.has(dtype))
    throw new InvalidDataError(
      `${file}: the tensor ${JSON.stringify(name.slice(0, 200))} has the type ${dtype}; a training state holds ${[...TYPES.keys()].join(', ')}.`,
    );
}

function tensorOf({ dtype, shape, bytes }: RawTensor): Tensor {
  const type = TYPES.get(dtype)!;
  const { buffer } = bytes.slice();
  const values =
    type === 'float32'
      ? new Float32Array(buffer)
      : type === 'int32'
        ? new Int32Array(buffer)
        : new Uint8Array(buffer);
  return tensor(values, [...shape], type);
}
