import { defineProblemFamily, type Json } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import { type BottleneckEncodingSolution, encoderToJson } from './bottleneck-encoding.js';
import { csrToJson } from './minimum-entropy-coupling.js';
import { readBottleneckProblem } from './problem-files.js';
import type { RateLimit } from './rate-limit.js';

/**
 * Lossy compression with a prescribed output: a Markov chain X - T - Y with H(T) <= R and the given laws of X and Y that keeps most of
 * X in Y, max I(X;Y) (minimum-entropy coupling with bottleneck).
 */
export interface BottleneckCouplingProblem extends RateLimit {
  /** Law of the source X, sum 1 within 1e-9; zeros allowed. */
  readonly px: Float64Array;
  /** Law that the output Y must have, likewise. */
  readonly py: Float64Array;
  /** `factors` leaves the composed coupling out, which can be large. Default `coupling`. */
  readonly mode?: 'coupling' | 'factors';
}

/** Encoder, decoder and what they keep, in bits. */
export interface BottleneckCouplingSolution extends BottleneckEncodingSolution {
  /** Joint of code word and output, |T| x m; the decoder is p(y|t) = pty / pt. */
  readonly pty: CsrMatrix;
  /** The composed coupling, n x m: its row and column sums are px and py. Absent in mode `factors`. */
  readonly pxy?: CsrMatrix;
  /** I(T;Y). */
  readonly ity: number;
  /** I(X;Y) >= I(X;T) + I(T;Y) - H(T). */
  readonly ixy: number;
  /** H(X, Y). */
  readonly jointEntropy: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const bottleneckCoupling = defineProblemFamily<BottleneckCouplingProblem, BottleneckCouplingSolution>({
  name: 'bottleneck-coupling',
  summary: 'Rate-limited compression whose output follows a given distribution.',
  formats: [
    {
      extensions: ['json'],
      summary: 'px, py (lists of probabilities) and one of R (bits), rate (R/H), compressionRate (H/R); mode',
      read: readBottleneckProblem,
    },
  ],
  solutionToJson: ({ encoder, pt, pty, pxy, ...bits }): Json => ({
    ...bits,
    ...encoderToJson(encoder),
    pt: [...pt],
    pty: csrToJson(pty),
    ...(pxy && { pxy: csrToJson(pxy) }),
  }),
});
