import { defineProblemFamily, type Json } from '@espalier/core';
import { checkDistribution } from './distribution.js';
import { codeMarginal, type Encoder, encoderGroups, encoderInformation } from './encoder.js';
import { binaryEntropy, entropy } from './entropy.js';
import { readEncodingProblem } from './problem-files.js';
import { budgetOf, type RateLimit } from './rate-limit.js';

/** Entropy-bounded information maximisation: the encoder p(t|x) with H(T) <= R that keeps most of X, max I(X;T). */
export interface BottleneckEncodingProblem extends RateLimit {
  /** Probabilities of X, sum 1 within 1e-9; symbols of probability 0 get no code word. */
  readonly px: Float64Array;
}

/** An encoder and what it keeps, in bits. */
export interface BottleneckEncodingSolution {
  readonly encoder: Encoder;
  /** Probabilities of the code words. */
  readonly pt: Float64Array;
  /** The budget R. */
  readonly budget: number;
  /** H(X). */
  readonly hx: number;
  /** H(T) <= R (within 1e-12). */
  readonly ht: number;
  /** I(X;T). */
  readonly ixt: number;
  /** h(p2), p2 the second largest probability: Algorithm 1 is at most so far from the optimum (theorem 2). */
  readonly bound: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const bottleneckEncoding = defineProblemFamily<BottleneckEncodingProblem, BottleneckEncodingSolution>({
  name: 'bottleneck-encoding',
  summary: 'The code with entropy at most R that keeps most information about a discrete source.',
  formats: [
    {
      extensions: ['json'],
      summary: 'px (list of probabilities) and one of R (bits), rate (R/H), compressionRate (H/R)',
      read: readEncodingProblem,
    },
  ],
  solutionToJson: ({ encoder, pt, ...bits }): Json => ({
    ...bits,
    ...encoderToJson(encoder),
    pt: [...pt],
  }),
});

/** Groups of symbols by code word, and the split symbol where there is one. */
export function encoderToJson(encoder: Encoder): { groups: Json; split?: Json } {
  return {
    groups: encoderGroups(encoder).map((group) => [...group]),
    ...(encoder.split && { split: { ...encoder.split } }),
  };
}

/** The distribution and its budget. @throws InvalidProblemError */
export function prepareEncoding(problem: BottleneckEncodingProblem): { px: Float64Array; budget: number } {
  const px = checkDistribution('px', problem.px);
  return { px, budget: budgetOf(problem, entropy(px)) };
}

/** The solution that an encoder of `px` is. */
export function encodingSolution(
  px: Float64Array,
  budget: number,
  encoder: Encoder,
): BottleneckEncodingSolution {
  const pt = codeMarginal(encoder, px);
  return {
    encoder,
    pt,
    budget,
    hx: entropy(px),
    ...encoderInformation(encoder, px, pt),
    bound: binaryEntropy(secondLargest(px)),
  };
}

function secondLargest(values: Float64Array): number {
  let [first, second] = [0, 0];
  for (const value of values) {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return second;
}
