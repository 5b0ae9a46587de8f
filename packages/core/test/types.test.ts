import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type DynamicAlgorithm,
  defineDynamicAlgorithm,
  defineDynamicScenario,
  defineProblemFamily,
  defineSolver,
  defineSolverScenario,
  type Solver,
} from '../src/index.js';
import { newton, squareRoot } from './fixtures.js';

const counting = defineProblemFamily<readonly string[], readonly number[]>({
  name: 'counting',
  summary: 'How often a word was seen.',
  formats: [],
  solutionToJson: (answers) => [...answers],
});

const scenario = {
  name: 'typed',
  summary: 'Typed.',
  score: { name: 'error', direction: 'minimize' },
  instances: async () => [],
} as const;

it('the family, not the implementation, says what a solver takes and gives', () => {
  expectTypeOf(newton.create()).toEqualTypeOf<Solver<{ readonly of: number }, { readonly root: number }>>();
  defineSolver({
    name: 'wrong-solution',
    summary: 'Gives a text.',
    solves: squareRoot,
    options: z.strictObject({}),
    // @ts-expect-error: a solution of the family is { root: number }
    create: () => ({ solve: async () => ({ root: 'one' }) }),
  });
  defineSolver({
    name: 'narrow',
    summary: 'Takes another problem.',
    solves: squareRoot,
    options: z.strictObject({}),
    // @ts-expect-error: a problem of the family is { of: number }
    accepts: ({ from }) => from > 0 || 'no',
    create: () => ({ solve: async ({ of }) => ({ root: of }) }),
  });
});

it('the family says what events and answers are', () => {
  const counter = defineDynamicAlgorithm({
    name: 'counter',
    summary: 'Counts.',
    solves: counting,
    options: z.strictObject({ from: z.number().default(0) }),
    accepts(first, { from }) {
      expectTypeOf(first).toEqualTypeOf<string>();
      expectTypeOf(from).toEqualTypeOf<number>();
      return true;
    },
    create: ({ from }) => ({
      process(event) {
        expectTypeOf(event).toEqualTypeOf<string>();
        return from;
      },
      reset() {},
    }),
  });
  expectTypeOf(counter.create()).toEqualTypeOf<DynamicAlgorithm<string, number>>();
  expectTypeOf(counter.accepts!).toBeCallableWith('first');
  expectTypeOf(counter.accepts!).toBeCallableWith('first', { from: 1 });
  // @ts-expect-error: options are those of create
  const accepted = () => counter.accepts!('first', { form: 1 });
  expect(accepted).toThrow('form');
  defineDynamicAlgorithm({
    name: 'wrong-answer',
    summary: 'Answers in words.',
    solves: counting,
    options: z.strictObject({}),
    // @ts-expect-error: an answer of the family is a number
    create: () => ({ process: () => 'many', reset() {} }),
  });
});

it('what load gives is what evaluate gets', () => {
  const roots = defineSolverScenario({
    ...scenario,
    family: squareRoot,
    load: async () => ({ problem: { of: 2 }, best: 1.4 }),
    evaluate(task, solution) {
      expectTypeOf(task.best).toEqualTypeOf<number>();
      expectTypeOf(task.instance.name).toEqualTypeOf<string>();
      expectTypeOf(solution.root).toEqualTypeOf<number>();
      return { score: 0, metrics: {}, stopped: '' };
    },
  });
  expectTypeOf(roots.load).returns.resolves.toHaveProperty('best');
  defineSolverScenario({
    ...scenario,
    family: squareRoot,
    // @ts-expect-error: a problem of the family is { of: number }
    load: async () => ({ problem: { of: 'two' } }),
    evaluate: () => ({ score: 0, metrics: {}, stopped: '' }),
  });
  defineDynamicScenario({
    ...scenario,
    family: counting,
    load: async () => ({ events: ['a', 'b'], truth: [1, 1] }),
    evaluate({ truth }, { answers }) {
      expectTypeOf(truth).toEqualTypeOf<number[]>();
      expectTypeOf(answers).toEqualTypeOf<readonly number[]>();
      return { score: 0, metrics: {}, stopped: '' };
    },
  });
  defineDynamicScenario({
    ...scenario,
    family: counting,
    // @ts-expect-error: an event of the family is a string
    load: async () => ({ events: [1, 2] }),
    evaluate: () => ({ score: 0, metrics: {}, stopped: '' }),
  });
});
