import {
  defineOptimizer,
  InvalidDataError,
  NumericalError,
  type OptimizerAlgorithm,
  type OptionsSchema,
  type StateDict,
  type TrainingSignal,
} from '@espalier/core';
import { add, clone, keep, mul, ones, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { z } from 'zod';

interface Hooks {
  /** What is taken off, from the velocity. */
  update?: (velocity: Tensor, signal: TrainingSignal, name: string, index: number) => Tensor;
  check?: (signal: TrainingSignal) => void;
  state?: (state: StateDict) => StateDict;
  accepts?: (state: StateDict) => boolean;
  /** Which parameters are moved. */
  moves?: (signal: TrainingSignal) => readonly string[];
  atEnd?: 'dispose' | 'forget';
  leak?: 'nothing' | 'a tensor a step';
}

function finite({ gradients }: TrainingSignal): void {
  for (const gradient of Object.values(gradients))
    if (!gradient.dataSync().every(Number.isFinite)) throw new NumericalError('A gradient is not finite.');
}

/** Momentum, with a hole for every rule. */
function optimizer(hooks: Hooks = {}): OptimizerAlgorithm<string, OptionsSchema> {
  const {
    update = (v, { learningRate }) => mul(v, learningRate),
    check = finite,
    state = (s: StateDict) => s,
  } = hooks;
  const {
    accepts = ({ values }: StateDict) => values.method === 'momentum',
    moves = ({ gradients }: TrainingSignal) => Object.keys(gradients),
  } = hooks;
  return defineOptimizer({
    name: 'momentum',
    summary: 'Momentum.',
    options: z.strictObject({}),
    create() {
      let velocity: Record<string, Tensor> = {};
      const dispose = () => {
        if (hooks.atEnd !== 'forget') for (const each of Object.values(velocity)) each.dispose();
        velocity = {};
      };
      return {
        async step(signal) {
          check(signal);
          for (const [index, name] of moves(signal).entries()) {
            const [old, gradient] = [velocity[name], signal.gradients[name]];
            tidy(() => {
              const pushed = gradient ?? ones(signal.parameters[name]!.shape);
              velocity[name] = keep(old ? add(mul(old, 0.5), pushed) : clone(pushed));
              signal.parameters[name]!.assign(
                sub(signal.parameters[name]!, update(velocity[name], signal, name, index)),
              );
            });
            old?.dispose();
          }
          if (hooks.leak) ones([1]);
          return { figures: {} };
        },
        state: () =>
          state({
            tensors: Object.fromEntries(Object.entries(velocity).map(([name, each]) => [name, clone(each)])),
            values: { method: 'momentum' },
          }),
        restore(stored) {
          if (!accepts(stored)) throw new InvalidDataError('The state is not one of momentum.');
          dispose();
          velocity = Object.fromEntries(
            Object.entries(stored.tensors).map(([name, each]) => [name, keep(clone(each))]),
          );
        },
        dispose,
      };
    },
  });
}

export const good = optimizer();
const LOWERS = "lowers the loss of a least squares problem, with the example 'default'";
const [NAN, INFINITE] = ['NaN', 'infinite'].map(
  (what) => `refuses a gradient that is ${what}, and changes nothing`,
) as [string, string];
let steps = 0;

/** Broken optimizers by what is wrong, each with the checks that must fail, and only these. */
export const broken: Readonly<
  Record<
    string,
    { readonly make: () => OptimizerAlgorithm<string, OptionsSchema>; readonly fails: readonly string[] }
  >
> = {
  'goes uphill': {
    make: () => optimizer({ update: (v, { learningRate }) => mul(v, -learningRate) }),
    fails: [LOWERS],
  },
  'has a learning rate of its own': {
    make: () => optimizer({ update: (v) => mul(v, 0.05) }),
    fails: ['changes nothing at a learning rate of 0'],
  },
  'moves parameters that have no gradient': {
    make: () => optimizer({ moves: ({ parameters }) => Object.keys(parameters) }),
    fails: ['leaves a parameter without a gradient as it is'],
  },
  'depends on what ran before': {
    make: () => optimizer({ update: (v, { learningRate }) => mul(v, learningRate * (1 + steps++ / 1e7)) }),
    fails: [
      'gives the same parameters again, bit for bit',
      'goes on from a stored state, bit for bit',
      'refuses the state of another method, and stays as it was',
    ],
  },
  'stores half of its state': {
    make: () =>
      optimizer({
        state({ tensors: { vector, ...lost }, values }) {
          for (const each of Object.values(lost)) each.dispose();
          return { tensors: vector ? { vector } : {}, values };
        },
      }),
    fails: ['goes on from a stored state, bit for bit'],
  },
  'takes any state': {
    make: () => optimizer({ accepts: () => true }),
    fails: ['refuses the state of another method, and stays as it was'],
  },
  'moves the first parameter faster': {
    make: () => optimizer({ update: (v, { learningRate }, _name, i) => mul(v, learningRate / (1 + i)) }),
    fails: ['does not depend on the order of the parameters'],
  },
  'takes NaN': { make: () => optimizer({ check: () => undefined }), fails: [NAN, INFINITE] },
  'looks for NaN alone': {
    make: () =>
      optimizer({
        check({ gradients }) {
          for (const each of Object.values(gradients))
            if (each.dataSync().some(Number.isNaN)) throw new NumericalError('A gradient is NaN.');
        },
      }),
    fails: [INFINITE],
  },
  'forgets its tensors when it is disposed of': {
    make: () => optimizer({ atEnd: 'forget' }),
    fails: ['leaves no tensor behind'],
  },
  'forgets a tensor in each step': {
    make: () => optimizer({ leak: 'a tensor a step' }),
    fails: ['leaves no tensor behind'],
  },
};
