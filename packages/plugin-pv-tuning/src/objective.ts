import {
  type Batch,
  type Batches,
  type CompressibleModel,
  type GradientRequest,
  InvalidProblemError,
} from '@espalier/core';
import { exp, logSoftmax, mean, mul, type Scalar, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** `kl`: KL(teacher || student), mean over all positions; `cross-entropy`: the model's own loss. */
export type Objective = 'kl' | 'cross-entropy';

/** The objective on one batch, against the teacher's log-probabilities, which live until `release`. */
export function objectiveAgainst(
  teacher: Pick<CompressibleModel, 'logits'>,
  batch: Batch,
  objective: Objective,
): { readonly objective?: NonNullable<GradientRequest['objective']>; release(): void } {
  if (objective === 'cross-entropy') return { release() {} };
  const reference = tidy(() => logSoftmax(teacher.logits(batch)));
  return {
    objective: (logits) => klDivergence(reference, logits),
    release: () => reference.dispose(),
  };
}

/** KL(teacher || student) in nats, mean over all positions, from the teacher's log-probabilities and the student's logits. */
export function klDivergence(reference: Tensor, logits: Tensor): Scalar {
  return tidy(() => mean(sum(mul(exp(reference), sub(reference, logSoftmax(logits))), -1)) as Scalar);
}

/** The objective over batches, each weighted by its size. @throws InvalidProblemError for no batch */
export async function objectiveOver(
  student: Pick<CompressibleModel, 'logits' | 'loss'>,
  teacher: Pick<CompressibleModel, 'logits'>,
  batches: Batches,
  objective: Objective,
): Promise<number> {
  let [total, count] = [0, 0];
  for await (const batch of batches) {
    const { objective: against, release } = objectiveAgainst(teacher, batch, objective);
    const loss = tidy(() => (against ? against(student.logits(batch), batch) : student.loss(batch)));
    release();
    const size = batch.inputs.shape[0] ?? 1;
    total += size * (await loss.data())[0];
    loss.dispose();
    count += size;
  }
  if (count === 0) throw new InvalidProblemError('There is no batch to judge the model on.');
  return total / count;
}
