import { defineSolver, InvalidProblemError } from '@espalier/core';
import { z } from 'zod';
import {
  type BottleneckCouplingProblem,
  type BottleneckCouplingSolution,
  bottleneckCoupling,
} from './bottleneck-coupling.js';
import { encodingSolution, prepareEncoding } from './bottleneck-encoding.js';
import { cellsToCsr } from './cells.js';
import { composeCoupling, composedInformation } from './compose.js';
import { COUPLING_METHODS, type CouplingMethod, couple } from './couple.js';
import { checkDistribution } from './distribution.js';
import { ENCODING_METHODS, type EncodingMethod, encode } from './encode.js';
import { entropy } from './entropy.js';
import { runOneStep } from './one-step-run.js';
import { MEC_B_PAPER } from './paper.js';

/**
 * Minimum-entropy coupling with bottleneck (section 2): since I(X;Y) >= I(X;T) + I(T;Y) - R, the encoder X -> T and the decoder T -> Y are
 * found one after the other: a code with H(T) <= R that keeps most of X, then a coupling of T and Y with little joint entropy; both are
 * composed to X - T - Y.
 */
export const mecB = defineSolver({
  name: 'mec-b',
  summary: 'Rate-limited coupling: a greedy code for X, then a greedy coupling of code and Y.',
  solves: bottleneckCoupling,
  paper: MEC_B_PAPER,
  options: z.strictObject({
    encoder: z
      .enum(ENCODING_METHODS)
      .default('search')
      .describe('The code: Algorithm 1, its refinements (near-deterministic, best), or a baseline.'),
    decoder: z
      .enum(COUPLING_METHODS)
      .default('max-seeking')
      .describe('The coupling of code and Y: the largest remaining masses first, or the closest.'),
  }),
  examples: {
    default: {},
    best: { encoder: 'best', decoder: 'zero-seeking' },
    huffman: { encoder: 'huffman' },
  },
  create: ({ encoder, decoder }, services) => ({
    async solve(problem, run) {
      const prepared = prepareBottleneck(problem);
      return runOneStep(
        run,
        services,
        () => solveBottleneck(prepared, encoder, decoder),
        ({ ixy }) => ixy,
      );
    },
  }),
});

/** {@link mecB} with the scalar quantizer as encoder: the baseline of the paper. */
export const mecBUniform = defineSolver({
  name: 'mec-b-uniform',
  summary: 'Rate-limited coupling with blocks of neighbouring symbols as the code.',
  solves: bottleneckCoupling,
  paper: MEC_B_PAPER,
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, services) => mecB.create({ encoder: 'uniform' }, services),
});

interface PreparedBottleneck {
  readonly px: Float64Array;
  readonly py: Float64Array;
  readonly budget: number;
  readonly mode: 'coupling' | 'factors';
}

function prepareBottleneck(problem: BottleneckCouplingProblem): PreparedBottleneck {
  const { px, budget } = prepareEncoding(problem);
  const { mode = 'coupling' } = problem;
  if (mode !== 'coupling' && mode !== 'factors')
    throw new InvalidProblemError(`mode is '${mode}'; allowed are 'coupling' and 'factors'.`);
  return { px, py: checkDistribution('py', problem.py), budget, mode };
}

function solveBottleneck(
  { px, py, budget, mode }: PreparedBottleneck,
  encoder: EncodingMethod,
  decoder: CouplingMethod,
): BottleneckCouplingSolution {
  const code = encodingSolution(px, budget, encode(px, budget, encoder));
  const pty = cellsToCsr(code.pt.length, py.length, couple(code.pt, py, decoder));
  const hy = entropy(py);
  const ity = Math.max(0, code.ht + hy - entropy(pty.values));
  const ixy = composedInformation(px, code.encoder, pty, ity);
  return {
    ...code,
    pty,
    ...(mode === 'coupling' && { pxy: composeCoupling(px, code.encoder, pty) }),
    ity,
    ixy,
    jointEntropy: code.hx + hy - ixy,
  };
}
