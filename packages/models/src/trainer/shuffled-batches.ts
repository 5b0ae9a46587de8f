import { type Batch, createRandom, InvalidProblemError } from '@espalier/core';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';

/** Samples with their targets, row by row. */
export interface Samples {
  readonly count: number;
  /** Row-major `[count, ...inputShape]`. */
  readonly inputs: Float32Array;
  readonly inputShape: readonly number[];
  /** Class numbers, or row-major `[count, ...targetShape]` numbers. */
  readonly targets: Int32Array | Float32Array;
  /** Empty for class numbers. */
  readonly targetShape: readonly number[];
}

/**
 * The mini-batch of a step: every epoch shuffles all samples anew, from the seed and the number of the epoch alone; a last, smaller
 * batch is left out.
 * @throws InvalidProblemError when there are fewer samples than a batch takes, or arrays and shapes do not fit each other
 */
export function shuffledBatches(samples: Samples, size: number, seed = 0): (step: number) => Batch {
  checkSamples(samples);
  const perEpoch = Math.floor(samples.count / size);
  if (!(Number.isInteger(size) && size >= 1 && perEpoch >= 1))
    throw new InvalidProblemError(`A batch has 1 to ${samples.count} samples; given ${size}.`);
  const random = createRandom(seed);
  let epoch = -1;
  let order: Int32Array = new Int32Array();
  return (step) => {
    const wanted = Math.floor((step - 1) / perEpoch);
    if (wanted !== epoch) {
      epoch = wanted;
      order = random.fork(`epoch ${epoch}`).sample(samples.count, samples.count);
    }
    const start = ((step - 1) % perEpoch) * size;
    return batchOf(samples, order.subarray(start, start + size));
  };
}

/** All samples as one batch, for evaluation. @throws InvalidProblemError for arrays and shapes that do not fit each other */
export function wholeBatch(samples: Samples): Batch {
  checkSamples(samples);
  return batchOf(
    samples,
    Int32Array.from({ length: samples.count }, (_, i) => i),
  );
}

function checkSamples({ count, inputs, inputShape, targets, targetShape }: Samples): void {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new InvalidProblemError(`The number of samples is a whole number of at least 1; given ${count}.`);
  for (const [what, { length }, shape] of [
    ['inputs', inputs, inputShape],
    ['targets', targets, targetShape],
  ] as const)
    if (length !== count * widthOf(shape))
      throw new InvalidProblemError(
        `${count} samples of the shape [${shape}] have ${count * widthOf(shape)} ${what}; given ${length}.`,
      );
}

const widthOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function batchOf({ inputs, inputShape, targets, targetShape }: Samples, rows: Int32Array): Batch {
  return { inputs: rowsOf(inputs, inputShape, rows), targets: rowsOf(targets, targetShape, rows) };
}

function rowsOf(data: Float32Array | Int32Array, shape: readonly number[], rows: Int32Array): Tensor {
  const width = widthOf(shape);
  const picked = new (data.constructor as Float32ArrayConstructor | Int32ArrayConstructor)(
    rows.length * width,
  );
  rows.forEach((row, i) => {
    picked.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return tensor(picked, [rows.length, ...shape], data instanceof Int32Array ? 'int32' : 'float32');
}
