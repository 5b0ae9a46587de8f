import { createRandom, type StoredWeight } from '@espalier/core';
import { memoryOutput, openCheckpoint, rewriteCheckpoint, WEIGHT_CODECS } from '../src/checkpoint/index.js';
import { type IntegerParts, integerWeight, storedScale } from '../src/weights/index.js';
import { tinyFolder } from './checkpoint-fixture.js';

export const codec = WEIGHT_CODECS.find(({ variant }) => variant === 'pack-quantized')!;

export const isLinear = (name: string) => /_proj\.weight$/.test(name);

export const stored = (parts: IntegerParts): Promise<StoredWeight> => integerWeight(parts).store!();

export const bytesOf = (content: ArrayBufferView) => [
  ...new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
];

/** Little-endian bytes of 32-bit words. */
export const words = (...values: number[]) => bytesOf(Uint32Array.from(values));

/** Integers of random content for a linear layer of the small model. */
export function integers(
  name: string,
  shape: readonly number[],
  how: Partial<IntegerParts> = {},
): IntegerParts {
  const random = createRandom(name.length + shape[0]! + shape[1]!);
  const whole = (count: number, below: number) =>
    Uint16Array.from({ length: count }, () => Math.floor(random.uniform() * below));
  const [outputs, inputs] = shape as [number, number];
  const { bits = 4, groupSize = 4 } = how;
  const groups = (outputs * inputs) / groupSize;
  return {
    shape: [outputs, inputs],
    bits,
    groupSize,
    codes: whole(outputs * inputs, 2 ** bits),
    scales: Float32Array.from({ length: groups }, () => storedScale(0.01 + random.uniform())),
    zeros: Int32Array.from(whole(groups, 2 ** bits)),
    ...how,
  };
}

/** The files of the small model with such layers. */
export async function writePacked(make: (name: string, shape: readonly number[]) => IntegerParts) {
  const source = await openCheckpoint(tinyFolder());
  const linear = source.tensors.names.filter(isLinear);
  const layers = new Map(
    linear.map((name) => [
      name.replace('.weight', ''),
      () => stored(make(name, source.tensors.info(name).shape)),
    ]),
  );
  const output = memoryOutput();
  await rewriteCheckpoint(source, output, { packed: { codec, layers } });
  return output.files;
}

/** The fields of a `quantization_config` that tests look at or change. */
export interface QuantizationFields {
  config_groups: Record<string, { targets: string[]; weights: Record<string, unknown> }>;
  [field: string]: unknown;
}

/** `quantization_config` of files. */
export const configOf = (files: Readonly<Record<string, Uint8Array>>): QuantizationFields =>
  JSON.parse(new TextDecoder().decode(files['config.json'])).quantization_config;
