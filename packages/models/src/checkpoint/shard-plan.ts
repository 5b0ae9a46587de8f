import { InvalidOptionsError, InvalidProblemError } from '@espalier/core';
import { ELEMENT_BYTES, elementCount, isTensorDtype } from './dtype.js';
import { SINGLE_FILE } from './safetensors-folder.js';
import { layOut, type PlannedTensor, type TensorEntry } from './safetensors-header.js';

/** One safetensors file to come. */
export interface Shard {
  readonly file: string;
  /** Length and header. */
  readonly head: Uint8Array<ArrayBuffer>;
  readonly entries: readonly TensorEntry[];
  /** Of the whole file. */
  readonly size: number;
}

/**
 * Spreads tensors over files of at most `maxBytes` of data, in the order given, as Hugging Face does: a file is closed when the
 * next tensor does not fit any more, and a tensor that is larger has a file of its own.
 * @param shardOf tensors for which it says something else stand in different files
 * @throws InvalidProblemError for no tensors, a name twice, or a shape that is none
 */
export function planShards(
  plan: readonly PlannedTensor[],
  maxBytes: number,
  metadata: Readonly<Record<string, string>>,
  shardOf: (name: string) => string = () => '',
): readonly Shard[] {
  if (!(maxBytes > 0)) {
    throw new InvalidOptionsError(`maxShardBytes is ${maxBytes}; it has to be a positive number of bytes.`);
  }
  assertPlan(plan);
  const together = [...Map.groupBy(plan, ({ name }) => shardOf(name)).values()];
  const groups = together.flatMap((tensors) => split(tensors, maxBytes));
  return groups.map((tensors, i) => {
    const { head, entries, dataBytes } = layOut(tensors, metadata);
    return { file: shardName(i, groups.length), head, entries, size: head.length + dataBytes };
  });
}

function split(plan: readonly PlannedTensor[], maxBytes: number): readonly PlannedTensor[][] {
  const groups: PlannedTensor[][] = [[]];
  let filled = 0;
  for (const tensor of plan) {
    const bytes = bytesOf(tensor);
    if (filled > 0 && filled + bytes > maxBytes) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)!.push(tensor);
    filled += bytes;
  }
  return groups;
}

/** `model.safetensors.index.json` for several shards. */
export function shardIndex(shards: readonly Shard[]): string {
  const home = shards.flatMap(({ file, entries }) => entries.map(({ name }) => [name, file] as const));
  home.sort(([a], [b]) => (a < b ? -1 : 1));
  const total = shards.reduce((sum, { head, size }) => sum + size - head.length, 0);
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(home) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

function shardName(i: number, count: number): string {
  if (count === 1) return SINGLE_FILE;
  const digits = (n: number) => String(n).padStart(5, '0');
  return `model-${digits(i + 1)}-of-${digits(count)}.safetensors`;
}

function assertPlan(plan: readonly PlannedTensor[]): void {
  if (plan.length === 0) throw new InvalidProblemError('A checkpoint needs at least one tensor.');
  const names = new Set<string>();
  for (const { name, dtype, shape } of plan) {
    if (names.has(name)) throw new InvalidProblemError(`The plan names the tensor '${name}' twice.`);
    if (name === '' || name === '__metadata__') {
      throw new InvalidProblemError(`A tensor cannot have the name ${JSON.stringify(name)}.`);
    }
    if (!isTensorDtype(dtype)) {
      throw new InvalidProblemError(
        `The tensor '${name}' has the type ${JSON.stringify(dtype)}, which safetensors lacks.`,
      );
    }
    if (
      !shape.every((size) => Number.isSafeInteger(size) && size >= 0) ||
      elementCount(shape) === undefined
    ) {
      throw new InvalidProblemError(`The tensor '${name}' has the shape [${shape}].`);
    }
    names.add(name);
  }
}

const bytesOf = ({ dtype, shape }: PlannedTensor): number => elementCount(shape)! * ELEMENT_BYTES[dtype];
