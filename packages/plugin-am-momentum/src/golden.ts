import type { GoldenFile, GoldenRunner, GoldenRunners, JsonObject, Optimizer } from '@espalier/core';
import { type Tensor, tensor, type Variable, variable } from '@tensorflow/tfjs-core';
import { amAdamw } from './am-adamw.js';
import { amMsgd } from './am-msgd.js';
import type { Coefficients } from './momentum-rule.js';

/** Numbers nested as deep as a tensor has axes. */
type Nested = number | readonly Nested[];
type NamedNumbers = Readonly<Record<string, Nested>>;

/** Gradients that are given, whatever the parameters are; a name that a step lacks has no gradient in it. */
interface TrajectoryCase {
  readonly options: JsonObject;
  readonly initial: NamedNumbers;
  readonly gradients: readonly NamedNumbers[];
  readonly learningRates: readonly number[];
  readonly losses?: readonly number[];
}

type CreateOptimizer = (options: JsonObject) => Optimizer;

/** Slots of the stored state by the file's names. */
const FINAL_STATE = {
  finalDirection: 'direction',
  finalSecondMoment: 'secondMoment',
  finalBetaProduct: 'betaProduct',
} as const;

function trajectories(create: CreateOptimizer): GoldenRunner {
  return {
    async run(file) {
      const cases: JsonObject[] = [];
      for (const each of file.cases as unknown as readonly TrajectoryCase[])
        cases.push(await trajectory(create, each));
      return { cases };
    },
    tolerance: (_path, file) => ({ absolute: statedTolerance(file).absolute, relative: 0 }),
  };
}

async function trajectory(create: CreateOptimizer, given: TrajectoryCase): Promise<JsonObject> {
  const optimizer = create(given.options);
  const parameters = variablesOf(given.initial);
  const beta: JsonObject[] = [];
  const parametersAfterEachStep: JsonObject[] = [];
  try {
    for (const [i, gradients] of given.gradients.entries()) {
      const loss = given.losses?.[i];
      const { figures } = await withTensors(gradients, (tensors) =>
        optimizer.step({
          parameters,
          gradients: tensors,
          learningRate: given.learningRates[i],
          step: i + 1,
          ...(loss !== undefined && { loss }),
        }),
      );
      const found = figures.beta as Coefficients;
      beta.push(
        Object.fromEntries(
          Object.keys(gradients).map((name) => [name, typeof found === 'number' ? found : found[name]]),
        ),
      );
      parametersAfterEachStep.push(await numbersOf(parameters));
    }
    return { beta, parametersAfterEachStep, ...(await finalState(optimizer)) };
  } finally {
    optimizer.dispose();
    for (const each of Object.values(parameters)) each.dispose();
  }
}

async function finalState(optimizer: Optimizer): Promise<JsonObject> {
  const { tensors } = optimizer.state();
  const found: Record<string, JsonObject> = {};
  for (const [output, slot] of Object.entries(FINAL_STATE)) {
    const named = Object.entries(tensors)
      .filter(([key]) => key.startsWith(`${slot}/`))
      .map(([key, each]): [string, Tensor] => [key.slice(slot.length + 1), each]);
    if (named.length > 0) found[output] = await numbersOf(Object.fromEntries(named));
  }
  for (const each of Object.values(tensors)) each.dispose();
  return found;
}

interface QuadraticFile {
  readonly curvature: readonly number[];
  readonly initial: readonly number[];
  readonly steps: number;
  readonly runs: readonly {
    readonly options: Readonly<Record<string, number>>;
    readonly lossAfter10Steps: readonly number[];
  }[];
}

/** f = 1/2 sum h x^2, from the gradients h x: adaptive where the options name betaMax, a fixed coefficient where they name beta. */
const quadratic: GoldenRunner = {
  async run(file) {
    const { curvature, initial, steps, runs } = file as unknown as QuadraticFile;
    const outputs: JsonObject[] = [];
    for (const { options, lossAfter10Steps } of runs) {
      const { lr, beta, ...rest } = options;
      const optimizer =
        beta === undefined
          ? amMsgd.create(rest)
          : amMsgd.create({ coefficient: 'fixed', lambda: 0, betaMax: beta });
      const losses = await descend(optimizer, curvature, initial, steps, lr);
      outputs.push({
        lossAfter10Steps: losses.slice(0, lossAfter10Steps.length),
        ...(steps >= 50 && { lossAfter50: losses[49] }),
        ...(steps >= 200 && { log10LossAfter200: Math.log10(losses[199]) }),
      });
    }
    return { runs: outputs };
  },
  tolerance(path, file) {
    const output = path.findLast((part) => typeof part === 'string');
    const { lossAfter10StepsRelative } = statedTolerance(file);
    if (output === 'lossAfter10Steps') return { absolute: 0, relative: lossAfter10StepsRelative };
    // The coefficient feeds rounding back: float32 moves a loss that has fallen to 1e-9 of the first by a sixth. The file allows the
    // logarithm 1 after 200 steps and states nothing for step 50, a quarter of the way.
    if (output === 'lossAfter50') return { absolute: 0, relative: 1 - 10 ** (-1 / 4) };
    return { absolute: 1, relative: 0 };
  },
};

async function descend(
  optimizer: Optimizer,
  curvature: readonly number[],
  initial: readonly number[],
  steps: number,
  learningRate: number,
): Promise<number[]> {
  const parameters = variablesOf({ x: initial });
  const losses: number[] = [];
  try {
    for (let step = 1; step <= steps; step++) {
      const x = await parameters.x.data();
      const gradient = curvature.map((h, i) => h * x[i]);
      await withTensors({ x: gradient }, (gradients) =>
        optimizer.step({ parameters, gradients, learningRate, step }),
      );
      const after = await parameters.x.data();
      losses.push(curvature.reduce((sum, h, i) => sum + 0.5 * h * after[i] ** 2, 0));
    }
  } finally {
    optimizer.dispose();
    parameters.x.dispose();
  }
  return losses;
}

function variablesOf(named: NamedNumbers): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(named).map(([name, numbers]) => {
      const initial = tensorOf(numbers);
      const made = variable(initial);
      initial.dispose();
      return [name, made];
    }),
  );
}

async function withTensors<T>(
  named: NamedNumbers,
  work: (tensors: Readonly<Record<string, Tensor>>) => Promise<T>,
): Promise<T> {
  const tensors = Object.fromEntries(
    Object.entries(named).map(([name, numbers]) => [name, tensorOf(numbers)]),
  );
  try {
    return await work(tensors);
  } finally {
    for (const each of Object.values(tensors)) each.dispose();
  }
}

const tensorOf = (numbers: Nested): Tensor =>
  tensor(numbers as Parameters<typeof tensor>[0], undefined, 'float32');

async function numbersOf(named: Readonly<Record<string, Tensor>>): Promise<JsonObject> {
  const found: Record<string, number[]> = {};
  for (const [name, each] of Object.entries(named)) found[name] = (await each.array()) as number[];
  return found;
}

function statedTolerance(file: GoldenFile): Readonly<Record<string, number>> {
  return file.tolerance as Readonly<Record<string, number>>;
}

const golden: GoldenRunners = {
  'am-msgd-trajectories': trajectories((options) => amMsgd.create(options)),
  'am-adamw-trajectories': trajectories((options) => amAdamw.create(options)),
  quadratic,
};
export default golden;
