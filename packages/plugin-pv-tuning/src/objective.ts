import {
  type Batch,
  type Batches,
  type CompressibleModel,
  type GradientRequest,
  InvalidProblemError,
  type NamedTensors,
  NumericalError,
} from '@espalier/core';
import {
  add,
  dispose,
  exp,
  logSoftmax,
  mean,
  mul,
  type Scalar,
  slice,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/** `kl`: KL(teacher || student), mean over all positions; `cross-entropy`: the model's own loss. */
export type Objective = 'kl' | 'cross-entropy';

/** What a model is tuned to. */
export interface Goal {
  readonly teacher: Pick<CompressibleModel, 'logits'>;
  readonly objective: Objective;
  /** Samples of a batch that go through the models at a time; undefined: all. */
  readonly microBatch?: number | undefined;
}

/** KL(teacher || student) in nats, mean over all positions, from the teacher's log-probabilities and the student's logits. */
export function klDivergence(reference: Tensor, logits: Tensor): Scalar {
  return tidy(() => mean(sum(mul(exp(reference), sub(reference, logSoftmax(logits))), -1)) as Scalar);
}

/**
 * Loss and gradients on a batch, a part of it at a time: what is in memory is the teacher's and the student's pass over one part.
 * The caller disposes of the gradients.
 *
 * @throws NumericalError when the loss is not finite
 */
export async function gradientsOn(
  student: CompressibleModel,
  batch: Batch,
  goal: Goal,
  of: NonNullable<GradientRequest['of']>,
): Promise<{ readonly loss: number; readonly gradients: NamedTensors }> {
  let [total, gradients]: [number, Record<string, Tensor>] = [0, {}];
  try {
    for (const { part, share } of partsOf(batch, goal.microBatch)) {
      const { loss, gradients: found } = against(part, goal, (objective) =>
        student.gradients!(part, { mode: 'evaluate', of, ...(objective && { objective }) }),
      );
      gradients = share === 1 ? { ...found } : addedUp(gradients, found, share);
      const [value] = await loss.data();
      loss.dispose();
      if (!Number.isFinite(value)) throw new NumericalError(`The loss is ${value}.`);
      total += share * value;
    }
  } catch (error) {
    dispose(gradients);
    throw error;
  }
  return { loss: total, gradients };
}

/** The objective over batches, each weighted by its size. @throws InvalidProblemError for no batch */
export async function objectiveOver(
  student: Pick<CompressibleModel, 'logits' | 'loss'>,
  batches: Batches,
  goal: Goal,
): Promise<number> {
  let [total, count] = [0, 0];
  for await (const batch of batches) {
    const size = sizeOf(batch);
    for (const { part, share } of partsOf(batch, goal.microBatch)) {
      const loss = against(part, goal, (objective) =>
        tidy(() => (objective ? objective(student.logits(part), part) : student.loss(part))),
      );
      total += size * share * (await loss.data())[0];
      loss.dispose();
    }
    count += size;
  }
  if (count === 0) throw new InvalidProblemError('There is no batch to judge the model on.');
  return total / count;
}

/** Does something with the objective on one batch: against the teacher's log-probabilities, or undefined for the model's own loss. */
function against<T>(
  batch: Batch,
  { teacher, objective }: Goal,
  work: (objective: GradientRequest['objective']) => T,
): T {
  if (objective === 'cross-entropy') return work(undefined);
  const reference = tidy(() => logSoftmax(teacher.logits(batch)));
  try {
    return work((logits) => klDivergence(reference, logits));
  } finally {
    reference.dispose();
  }
}

const sizeOf = ({ inputs }: Batch): number => inputs.shape[0] ?? 1;

/** Stretches of a batch with their share of it, each until the next is asked for; a whole batch is itself. */
function* partsOf(
  batch: Batch,
  microBatch = Number.POSITIVE_INFINITY,
): Generator<{ readonly part: Batch; readonly share: number }> {
  const size = sizeOf(batch);
  if (batch.inputs.size === 0)
    throw new InvalidProblemError(`A batch holds at least one sample; given inputs [${batch.inputs.shape}].`);
  if (size <= microBatch) {
    yield { part: batch, share: 1 };
    return;
  }
  for (let start = 0; start < size; start += microBatch) {
    const count = Math.min(microBatch, size - start);
    const rows = (all: Tensor) =>
      slice(all, [start, ...all.shape.slice(1).map(() => 0)], [count, ...all.shape.slice(1)]);
    const part = { inputs: rows(batch.inputs), ...(batch.targets && { targets: rows(batch.targets) }) };
    try {
      yield { part, share: count / size };
    } finally {
      disposeBatch(part);
    }
  }
}

function disposeBatch({ inputs, targets }: Batch): void {
  dispose(targets ? [inputs, targets] : inputs);
}

/** sum + share * part, name by name; both are disposed of. */
function addedUp(sums: NamedTensors, part: NamedTensors, share: number): Record<string, Tensor> {
  const result: Record<string, Tensor> = { ...sums };
  for (const [name, gradient] of Object.entries(part)) {
    const before = sums[name];
    result[name] = tidy(() => {
      const scaled = mul(gradient, share);
      return before ? add(before, scaled) : scaled;
    });
    gradient.dispose();
    before?.dispose();
  }
  return result;
}
