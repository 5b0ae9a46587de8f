import {
  isEspalierError,
  type NamedTensors,
  type Optimizer,
  type OptimizerAlgorithm,
  type OptionsSchema,
} from '@espalier/core';
import { memory, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { declarationChecks } from '../algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from '../check.js';
import { firstDifference } from '../same.js';
import { LeastSquares } from './least-squares.js';
import { largestDifference } from './tensors.js';

/** What the author of an optimizer supplies. */
export interface OptimizerFixture {
  /** For the least squares problem of the checks, whose curvature is 1; default 0.05. */
  readonly learningRate?: number;
  /** Steps after which its loss is lower than at the start; default 40. */
  readonly steps?: number;
}

/** The rules that every optimizer with an update rule keeps. A tfjs backend must be registered. */
export function* optimizerChecks(
  algorithm: OptimizerAlgorithm<string, OptionsSchema>,
  fixture: OptimizerFixture = {},
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks(
  algorithm: OptimizerAlgorithm<string, OptionsSchema>,
  { learningRate = 0.05, steps = 40 }: OptimizerFixture,
): Generator<Check> {
  const needs = algorithm.needs ?? {};
  /** Runs `work` with a new problem and a new optimizer, and disposes of both. */
  const using = async (
    work: (problem: LeastSquares, optimizer: Optimizer) => Promise<void>,
    options = {},
  ) => {
    const problem = new LeastSquares(needs, steps);
    const optimizer = algorithm.create(options);
    try {
      await work(problem, optimizer);
    } finally {
      optimizer.dispose();
      problem.dispose();
    }
  };
  const walk = async (
    problem: LeastSquares,
    optimizer: Optimizer,
    from: number,
    to: number,
    rate = learningRate,
  ) => {
    for (let step = from; step <= to; step++)
      await problem.withSignal(step, rate, async (signal) => void (await optimizer.step(signal)));
  };

  yield* declarationChecks(algorithm);
  for (const [name, options] of Object.entries(algorithm.examples ?? { default: {} })) {
    yield {
      name: `lowers the loss of a least squares problem, with the example '${name}'`,
      run: () =>
        using(async (problem, optimizer) => {
          const before = problem.loss();
          await walk(problem, optimizer, 1, steps);
          const after = problem.loss();
          assert(after < before, `After ${steps} steps the loss is ${after}, it was ${before}.`);
        }, options as object),
    };
  }
  yield {
    name: 'changes nothing at a learning rate of 0',
    run: () =>
      using(async (problem, optimizer) => {
        const before = problem.values();
        await walk(problem, optimizer, 1, 3, 0);
        const difference = firstDifference(before, problem.values());
        assert(difference === undefined, `A parameter was changed at ${difference}.`);
      }),
  };
  yield {
    name: 'leaves a parameter without a gradient as it is',
    run: () =>
      using(async (problem, optimizer) => {
        await walk(problem, optimizer, 1, 2);
        const before = problem.values();
        await problem.withSignal(3, learningRate, async (signal) => {
          await optimizer.step({ ...signal, ...without(signal, 'matrix') });
        });
        const after = problem.values();
        assert(firstDifference(before.matrix, after.matrix) === undefined, 'It was changed.');
        assert(
          firstDifference(before.vector, after.vector) !== undefined,
          'The other parameter was not changed.',
        );
      }),
  };
  yield {
    name: 'gives the same parameters again, bit for bit',
    async run() {
      const ends: unknown[] = [];
      for (let i = 0; i < 2; i++)
        await using(async (problem, optimizer) => {
          await walk(problem, optimizer, 1, 5);
          ends.push(problem.values());
        });
      const difference = firstDifference(ends[0], ends[1]);
      assert(difference === undefined, `Two runs differ at ${difference}.`);
    },
  };
  yield {
    name: 'goes on from a stored state, bit for bit',
    run: () =>
      using(async (problem, optimizer) => {
        await walk(problem, optimizer, 1, 3);
        const [state, middle] = [optimizer.state(), problem.values()];
        await walk(problem, optimizer, 4, 6);
        const expected = problem.values();
        problem.setValues(middle);
        const second = algorithm.create();
        await walk(problem, second, 1, 1); // what it knew before must not count
        problem.setValues(middle);
        second.restore({ tensors: state.tensors, values: JSON.parse(JSON.stringify(state.values)) });
        disposeAll(state.tensors);
        await walk(problem, second, 4, 6);
        second.dispose();
        const difference = firstDifference(expected, problem.values());
        assert(difference === undefined, `The restored run differs at ${difference}.`);
      }),
  };
  yield {
    name: 'refuses the state of another method, and stays as it was',
    run: () =>
      using(async (problem, optimizer) => {
        await walk(problem, optimizer, 1, 2);
        const foreign = tensor([1, 2, 3]);
        const error = await thrownBy(
          () =>
            optimizer.restore({
              tensors: { 'no-such-tensor': foreign },
              values: { method: 'no-such-method' },
            }),
          'The state of another method',
        );
        foreign.dispose();
        assert(
          isEspalierError(error, 'invalid-data'),
          `It threw ${String(error)} instead of an InvalidDataError.`,
        );
        await walk(problem, optimizer, 3, 3);
        const after = problem.values();
        await using(async (other, undisturbed) => {
          await walk(other, undisturbed, 1, 3);
          assert(
            firstDifference(after, other.values()) === undefined,
            'The refused state changed the next step.',
          );
        });
      }),
  };
  yield {
    name: 'does not depend on the order of the parameters',
    run: () =>
      using(async (problem, optimizer) => {
        await walk(problem, optimizer, 1, 5);
        const expected = problem.values();
        await using(async (other, turned) => {
          for (let step = 1; step <= 5; step++)
            await other.withSignal(step, learningRate, async (signal) => {
              const { parameters, gradients } = signal;
              await turned.step({
                ...signal,
                parameters: reversed(parameters),
                gradients: reversed(gradients),
              });
            });
          for (const [name, values] of Object.entries(other.values())) {
            // Sums over all parameters round differently in another order.
            const difference = largestDifference(values, expected[name]!);
            assert(difference <= 1e-5, `${name} differs by ${difference}.`);
          }
        });
      }),
  };
  for (const [name, value] of [
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ] as const) {
    yield {
      name: `refuses a gradient that is ${name}, and changes nothing`,
      run: () =>
        using(async (problem, optimizer) => {
          await walk(problem, optimizer, 1, 2);
          const [before, state] = [problem.values(), await storedState(optimizer)];
          await problem.withSignal(3, learningRate, async (signal) => {
            const bad = tensor([value, 0, 0, 0], [2, 2]);
            const gradients = { ...signal.gradients, matrix: bad };
            const error = await thrownBy(
              () => optimizer.step({ ...signal, gradients }),
              `A gradient that is ${name}`,
            );
            bad.dispose();
            assert(
              isEspalierError(error, 'numerical'),
              `It threw ${String(error)} instead of a NumericalError.`,
            );
          });
          const after = { parameters: problem.values(), state: await storedState(optimizer) };
          const difference = firstDifference({ parameters: before, state }, after);
          assert(difference === undefined, `It changed ${difference}.`);
        }),
    };
  }
  yield {
    name: 'leaves no tensor behind',
    async run() {
      const before = memory().numTensors;
      await using(async (problem, optimizer) => {
        await walk(problem, optimizer, 1, 20);
        const warm = memory().numTensors;
        await walk(problem, optimizer, 21, 30);
        const grown = memory().numTensors - warm;
        assert(grown === 0, `Ten steps leave ${grown} tensors behind.`);
        disposeAll(optimizer.state().tensors);
        const kept = memory().numTensors - warm;
        assert(kept === 0, `A state, disposed of, leaves ${kept} tensors behind.`);
      });
      const left = memory().numTensors - before;
      assert(left === 0, `After dispose ${left} tensors are left.`);
    },
  };
}

function without(
  { gradients, perSampleGradients }: { gradients: NamedTensors; perSampleGradients?: NamedTensors },
  name: string,
): { gradients: NamedTensors; perSampleGradients?: NamedTensors } {
  const rest = (tensors: NamedTensors): NamedTensors =>
    Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
  return {
    gradients: rest(gradients),
    ...(perSampleGradients && { perSampleGradients: rest(perSampleGradients) }),
  };
}

function reversed<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).reverse());
}

function disposeAll(tensors: NamedTensors): void {
  for (const each of Object.values(tensors) as Tensor[]) each.dispose();
}

async function storedState(optimizer: Optimizer): Promise<unknown> {
  const { tensors, values } = optimizer.state();
  const data: Record<string, Float32Array> = {};
  for (const [name, each] of Object.entries(tensors)) data[name] = Float32Array.from(await each.data());
  disposeAll(tensors);
  return { data, values };
}
