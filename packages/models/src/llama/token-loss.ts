import { softmaxCrossEntropy } from '@espalier/kernels';
import {
  cast,
  concat,
  div,
  greaterEqual,
  maximum,
  mean,
  mul,
  reshape,
  type Scalar,
  scalar,
  slice,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import type { Targets } from './token-batch.js';

/** Logits that exist at once: 64 MiB of float32. */
const LOGITS_AT_ONCE = 2 ** 24;

/**
 * Negative log-likelihood of each label in nats, the logits made a block of rows at a time.
 *
 * @param hidden `[rows, width]`
 * @param labels int32 `[rows]`
 * @param head gives the logits `[n, vocabulary]` of `[n, width]`
 * @param logitsAtOnce numbers of the logits that may exist at once
 */
export function tokenLosses(
  hidden: Tensor2D,
  labels: Tensor1D,
  vocabulary: number,
  head: (hidden: Tensor2D) => Tensor2D,
  logitsAtOnce = LOGITS_AT_ONCE,
): Tensor1D {
  const [rows, width] = hidden.shape;
  const size = Math.max(1, Math.floor(logitsAtOnce / vocabulary));
  if (size >= rows) return tidy(() => softmaxCrossEntropy(head(hidden), labels) as Tensor1D);
  return tidy(() => {
    const parts: Tensor1D[] = [];
    for (let start = 0; start < rows; start += size) {
      const count = Math.min(size, rows - start);
      parts.push(
        tidy(
          () =>
            softmaxCrossEntropy(
              head(slice(hidden, [start, 0], [count, width])),
              slice(labels, start, count),
            ) as Tensor1D,
        ),
      );
    }
    return concat(parts);
  });
}

/** The mean loss over the targets that count. */
export function meanTokenLoss(
  hidden: Tensor,
  { positions, labels, complete }: Targets,
  vocabulary: number,
  head: (hidden: Tensor2D) => Tensor2D,
): Scalar {
  return tidy(() => {
    const [batch, , width] = hidden.shape as [number, number, number];
    const rows = reshape(slice(hidden, [0, 0, 0], [batch, positions, width]), [-1, width]) as Tensor2D;
    const flat = reshape(labels, [-1]) as Tensor1D;
    if (complete) return mean(tokenLosses(rows, flat, vocabulary, head)) as Scalar;
    const losses = tokenLosses(rows, maximum(flat, scalar(0, 'int32')) as Tensor1D, vocabulary, head);
    const counted = cast(greaterEqual(flat, 0), 'float32');
    return div(sum(mul(losses, counted)), sum(counted)) as Scalar;
  });
}
