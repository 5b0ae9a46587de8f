import { defineSolver, type OptionsSchema, type SolverAlgorithm } from '@espalier/core';
import { z } from 'zod';
import type { SolverFixture } from '../../src/index.js';
import { newtonSpec, type Roots, type RootsFound, rootOptions, squareRoots } from '../good/square-root.js';

export type RootsSolver = SolverAlgorithm<string, OptionsSchema, Roots, RootsFound>;

/** An algorithm that breaks a rule, and exactly the checks that notice. */
export interface BrokenSolver {
  readonly what: string;
  readonly algorithm: RootsSolver;
  readonly fixture?: Partial<SolverFixture<Roots, RootsFound>>;
  readonly fails: readonly string[];
  /** Whether nothing else works either. */
  readonly andMore?: true;
}

/** The good solver, declared otherwise. */
export const declared = (changes: object): RootsSolver =>
  defineSolver<string, typeof rootOptions, Roots, RootsFound>({ ...newtonSpec, ...changes });
const withOptions = (options: OptionsSchema, changes: object = {}): RootsSolver =>
  defineSolver<string, OptionsSchema, Roots, RootsFound>({
    ...newtonSpec,
    ...changes,
    options,
    examples: {},
    create: (_options, services) => newtonSpec.create({ tolerance: 1e-6, steps: 100 }, services),
  });

/** Solvers whose declaration is wrong. */
export const wronglyDeclared: readonly BrokenSolver[] = [
  {
    what: 'an object that no definer made',
    algorithm: { ...declared({}) } as RootsSolver,
    fails: ['is made by a definer of core'],
  },
  {
    what: 'a name with capitals',
    algorithm: declared({ name: 'NewtonRoots' }),
    fails: ['has a name of lower-case words and hyphens, and a summary'],
  },
  {
    what: 'an empty summary',
    algorithm: declared({ summary: ' ' }),
    fails: ['has a name of lower-case words and hyphens, and a summary'],
  },
  {
    what: 'a family that defineProblemFamily did not make',
    algorithm: declared({ solves: { ...squareRoots } }),
    fails: ['solves a problem family'],
  },
  {
    what: 'an option without a default',
    algorithm: withOptions(z.strictObject({ steps: z.int().describe('Iterations.') })),
    fails: ['can be created without options'],
    andMore: true,
  },
  {
    what: 'an option without a description',
    algorithm: withOptions(z.strictObject({ steps: z.int().default(1) })),
    fails: ['describes every option'],
  },
  {
    what: 'options without JSON Schema',
    algorithm: withOptions({
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: (value) =>
          Object.keys(value as object).length === 0
            ? { value }
            : { issues: Object.keys(value as object).map((key) => ({ message: `no option ${key}` })) },
      },
    }),
    fails: ['can be described in JSON, its options too'],
  },
  {
    what: 'unknown options let through',
    algorithm: withOptions(z.object({})),
    fails: ['refuses an unknown option'],
  },
  {
    what: 'text taken for numbers',
    algorithm: withOptions(
      z.strictObject({
        steps: z
          .preprocess((value) => (typeof value === 'string' ? value.length : value), z.int().min(1))
          .default(1)
          .describe('Iterations.'),
      }),
    ),
    fails: ['refuses an option of the wrong type'],
  },
  {
    what: 'an example that its own options refuse',
    algorithm: declared({ examples: { default: {}, wrong: { tolerance: -1 } } }),
    fails: [
      "creates the example 'wrong', which survives JSON",
      "solves the problems with the example 'wrong'",
    ],
  },
  {
    what: 'an example that is no JSON',
    algorithm: declared({
      options: rootOptions.extend({ stop: z.any().default('never').describe('When.') }),
      examples: { default: { stop: () => false } },
    }),
    fails: ["creates the example 'default', which survives JSON"],
  },
  {
    what: 'a warm-up that fails',
    algorithm: declared({ warmUp: () => Promise.reject(new Error('no')) }),
    fails: ['warms up'],
  },
  {
    what: 'a refusal without a reason',
    algorithm: declared({ accepts: ({ numbers }: Roots) => (numbers.length > 3 ? '' : true) }),
    fails: ['says why it does not accept a problem'],
  },
  {
    what: 'an example that does not reach the solution',
    algorithm: declared({ examples: { default: {}, hasty: { steps: 2 } } }),
    fails: ["solves the problems with the example 'hasty'"],
  },
];
