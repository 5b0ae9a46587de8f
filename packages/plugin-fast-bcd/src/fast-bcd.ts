import { defineSolver } from '@espalier/core';
import { compositeMinimization } from './composite-minimization.js';
import { descend } from './descend.js';
import { fastBcdSchema } from './fast-bcd-options.js';

/**
 * Block coordinate descent (Nutini, Laradji, Schmidt, JMLR 2022): each iteration a rule selects a block of variables and an update changes
 * them alone. The paper separates partition, selection and update; every combination is here by name.
 *
 * `auto` takes a working set where there is a regularizer, with projected Newton on dense data (section 5: finite termination) and sweeps
 * of coordinate descent on sparse ones (not in the paper), all variables at once where they are few, forests and message passing on sparse quadratics (section 4), and greedy blocks with matrix updates elsewhere
 * (section 3).
 */
export const fastBcd = defineSolver({
  name: 'fast-bcd',
  summary:
    'Block coordinate descent: greedy blocks, matrix and Newton updates, message passing, active sets.',
  solves: compositeMinimization,
  paper: {
    title:
      "Let's Make Block Coordinate Descent Converge Faster: Faster Greedy Rules, Message-Passing, Active-Set Complexity, and Superlinear Convergence",
    authors: 'J. Nutini, I. Laradji, M. Schmidt',
    arxiv: '1712.08859',
    year: 2022,
  },
  options: fastBcdSchema,
  examples: {
    default: {},
    'greedy-gradient': { selection: 'gsd', update: 'gradient', blockSize: 2 },
    'sorted-blocks': { partition: 'sort', update: 'gradient', blockSize: 2 },
    'random-blocks': {
      selection: 'random',
      update: 'lipschitz-approximation',
      blockSize: 2,
      maxIterations: 100_000,
    },
  },
  create: (options, services) => ({ solve: (problem, run) => descend(problem, options, run, services) }),
});
