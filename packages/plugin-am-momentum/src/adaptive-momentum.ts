import {
  InvalidProblemError,
  NumericalError,
  type Optimizer,
  type OptimizerNeeds,
  type StateDict,
  type StepReport,
  type TrainingSignal,
} from '@espalier/core';
import { requireFinite } from '@espalier/models';
import { add, addN, keep, stack, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { Coefficients, Measured, MomentumRule, ParameterStep } from './momentum-rule.js';
import { MomentumState } from './momentum-state.js';

/** Stands for the whole model where there is one coefficient. */
const GLOBAL = '';

/** One parameter that takes part in a step. */
interface Participant {
  readonly name: string;
  readonly parameter: TrainingSignal['parameters'][string];
  readonly gradient: Tensor;
}

/**
 * Carries a {@link MomentumRule} out: state, scope, checks, storing and restoring. The coefficient stays on the device; `step` reads it
 * back for its report, `apply` does not.
 */
export class AdaptiveMomentum implements Optimizer {
  readonly #rule: MomentumRule;
  readonly #state: MomentumState;
  /** Of the last step: scalars by parameter, or one under {@link GLOBAL}. */
  #betas: Readonly<Record<string, Tensor>> = {};

  constructor(rule: MomentumRule) {
    this.#rule = rule;
    this.#state = new MomentumState(rule);
  }

  needs(): OptimizerNeeds {
    return this.#rule.gap === 'loss' ? { loss: true } : {};
  }

  /**
   * @throws NumericalError on a gradient or a loss that is not finite, or a gradient so large that the state would not be, before anything changes
   * @throws InvalidProblemError on a negative learning rate, a shape that does not fit, or a loss that is missing
   */
  async step(signal: TrainingSignal): Promise<StepReport> {
    const participants = this.#participants(signal);
    await requireFinite(signal, this.#rule.largestGradient);
    if (participants.length === 0) return { figures: {} };
    this.apply(signal);
    const beta = await this.coefficients();
    return { figures: beta === undefined ? {} : this.#rule.figures(beta) };
  }

  apply(signal: TrainingSignal): void {
    const { learningRate, loss } = signal;
    const participants = this.#participants(signal);
    if (participants.length === 0) return;
    const betas = tidy(() =>
      this.#rule.scope === 'perTensor'
        ? this.#eachAlone(participants, learningRate)
        : this.#together(participants, learningRate, loss),
    );
    this.#replaceBetas(betas);
    if (this.#rule.gap === 'loss') this.#state.previousLoss = loss;
  }

  /** The coefficient of the last step; undefined before the first. Reads one small tensor back. */
  async coefficients(): Promise<Coefficients | undefined> {
    const names = Object.keys(this.#betas);
    if (names.length === 0) return undefined;
    const all = tidy(() => stack(Object.values(this.#betas)));
    const values = await all.data();
    all.dispose();
    if (this.#rule.scope === 'global') return values[0];
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  }

  bytes(): number {
    return this.#state.bytes();
  }

  state(): StateDict {
    return this.#state.stored();
  }

  restore(state: StateDict): void {
    this.#state.restore(state);
    this.#replaceBetas({});
  }

  dispose(): void {
    this.#state.dispose();
    this.#replaceBetas({});
  }

  /** The parameters that have a gradient. @throws before anything changes */
  #participants({ parameters, gradients, learningRate, loss }: TrainingSignal): Participant[] {
    if (!(learningRate >= 0 && Number.isFinite(learningRate)))
      throw new InvalidProblemError(
        `A learning rate is a finite number of at least 0; given ${learningRate}.`,
      );
    if (this.#rule.gap === 'loss') requireLoss(this.#rule.method, loss);
    const found: Participant[] = [];
    for (const [name, parameter] of Object.entries(parameters)) {
      const gradient: Tensor | undefined = gradients[name];
      if (gradient == null) continue;
      if (gradient.shape.join() !== parameter.shape.join())
        throw new InvalidProblemError(
          `The gradient of ${name} has the shape [${gradient.shape}]; the parameter has [${parameter.shape}].`,
        );
      if (parameter.dtype !== 'float32' || gradient.dtype !== 'float32')
        throw new InvalidProblemError(
          `${name} is ${parameter.dtype} and its gradient ${gradient.dtype}; both must be float32.`,
        );
      this.#state.requireFit(name, parameter.shape);
      found.push({ name, parameter, gradient });
    }
    return found;
  }

  /** Both passes over one parameter, then over the next: the second finds in the cache what the first has read. */
  #eachAlone(participants: readonly Participant[], learningRate: number): Record<string, Tensor> {
    const taken = participants.map((each) => {
      const step = this.#begin(each, learningRate);
      const measured = this.#rule.measure(step);
      return [each.name, keep(this.#finish(each, step, measured, measured.fraction))];
    });
    return Object.fromEntries(taken);
  }

  /** One coefficient for all that have a direction; a parameter in its first step has one of its own. */
  #together(
    participants: readonly Participant[],
    learningRate: number,
    loss: number | undefined,
  ): Record<string, Tensor> {
    const steps = participants.map((each) => this.#begin(each, learningRate));
    const measured = steps.map((step) => this.#rule.measure(step));
    const fractions = measured.filter((_, i) => steps[i].step > 1).map(({ fraction }) => fraction);
    const common = totalOf(fractions, lossGap(this.#rule, this.#state.previousLoss, loss, learningRate));
    const taken = participants.map((each, i) => {
      const own = steps[i].step === 1 || common === undefined;
      return this.#finish(each, steps[i], measured[i], own ? measured[i].fraction : common);
    });
    // The common one is that of the others, where there are any.
    const leader = Math.max(
      0,
      steps.findIndex(({ step }) => step > 1),
    );
    return { [GLOBAL]: keep(taken[leader]) };
  }

  /** A parameter and its state before the step. */
  #begin({ name, parameter, gradient }: Participant, learningRate: number): ParameterStep {
    const { slots, steps, learningRate: previousLearningRate, weightDecay } = this.#state.of(name, parameter);
    return { parameter, gradient, slots, step: steps + 1, learningRate, previousLearningRate, weightDecay };
  }

  /** Changes the parameter and its state; gives its coefficient. */
  #finish(
    { name, parameter }: Participant,
    step: ParameterStep,
    measured: Measured,
    fraction: Tensor,
  ): Tensor {
    const after = this.#rule.advance({ ...step, slots: { ...step.slots, ...measured.slots } }, fraction);
    // A rate of 0 must leave parameters as they are, bit for bit.
    if (step.learningRate > 0) parameter.assign(after.parameter);
    this.#state.put(name, { ...measured.slots, ...after.slots }, step.learningRate);
    return after.beta;
  }

  #replaceBetas(betas: Readonly<Record<string, Tensor>>): void {
    for (const each of Object.values(this.#betas)) each.dispose();
    this.#betas = betas;
  }
}

/** The sum of the fractions, with the height of the memory plane in the numerator; undefined where there is none. */
function totalOf(fractions: readonly Tensor[], gap: number): Tensor | undefined {
  if (fractions.length === 0) return undefined;
  const total = addN([...fractions]);
  return gap === 0 ? total : add(total, tensor1d([gap, 0]));
}

/** (1 + lambda) (f(x_{t-1}) - f(x_t)) / eta: the height of the memory plane over the loss, in the numerator. */
function lossGap(
  { gap, lambda }: MomentumRule,
  previous: number | undefined,
  loss: number | undefined,
  learningRate: number,
): number {
  if (gap !== 'loss' || previous === undefined || loss === undefined || learningRate === 0) return 0;
  return ((1 + lambda) * (previous - loss)) / learningRate;
}

function requireLoss(method: string, loss: number | undefined): void {
  if (loss === undefined)
    throw new InvalidProblemError(`${method} with gap 'loss' needs the loss of the batch; none was given.`, {
      remedy: "Give it in the signal, or use gap 'gradient'.",
    });
  if (!Number.isFinite(loss)) throw new NumericalError(`The loss is ${loss}; it must be finite.`);
}
