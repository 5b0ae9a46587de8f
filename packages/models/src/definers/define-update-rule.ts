import {
  type AlgorithmSpec,
  defineOptimizer,
  InvalidDataError,
  InvalidProblemError,
  type JsonObject,
  NumericalError,
  type Optimizer,
  type OptimizerAlgorithm,
  type OptionsSchema,
  type ParameterInfo,
  type StateDict,
  type StepReport,
  type TrainingSignal,
} from '@espalier/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  addN,
  keep,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from '@tensorflow/tfjs-core';

type Output<S extends OptionsSchema> = StandardSchemaV1.InferOutput<S>;

/** One parameter in one step; tensors are of the parameter's shape and stay as they are. */
export interface ParameterUpdate<Slot extends string> {
  readonly name: string;
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** The method's state of this parameter, zeros before its first step. */
  readonly state: Readonly<Record<Slot, Tensor>>;
  readonly learningRate: number;
  /** Steps that this parameter has taken part in, this one included: from 1. */
  readonly step: number;
  readonly totalSteps?: number;
  readonly info?: ParameterInfo;
}

/** What a step makes of one parameter. */
export interface UpdatedParameter<Slot extends string> {
  readonly parameter: Tensor;
  readonly state: Readonly<Record<Slot, Tensor>>;
}

/** What the author of an update rule writes. */
export type UpdateRuleSpec<N extends string, S extends OptionsSchema, Slot extends string> = Omit<
  AlgorithmSpec<N, S, Optimizer>,
  'create'
> & {
  /** Names of the state tensors that each parameter has. */
  readonly slots: readonly Slot[];
  /** The largest size of an element of a gradient with which the method's state stays within float32; default: any finite one. */
  readonly largestGradient?: (options: Output<S>) => number;
  /** One step of one parameter, in tensor operations; what it makes beyond its result is disposed of. */
  update(update: ParameterUpdate<Slot>, options: Output<S>): UpdatedParameter<Slot>;
};

/**
 * Defines an optimizer that treats every parameter by itself: what is left to write is its update. State, storing and restoring, refusal
 * of gradients that are not finite and the form for `tf.Optimizer` follow from it.
 */
export function defineUpdateRule<const N extends string, S extends OptionsSchema, const Slot extends string>(
  spec: UpdateRuleSpec<N, S, Slot>,
): OptimizerAlgorithm<N, S> {
  const { slots, update, largestGradient, ...common } = spec;
  return defineOptimizer<N, S>({
    ...(common as Omit<AlgorithmSpec<N, S, Optimizer>, 'create'>),
    create: (options) =>
      new UpdateRule<Slot>(spec.name, slots, largestGradient?.(options), (each) => update(each, options)),
  });
}

/** The state of one parameter. */
interface ParameterState<Slot extends string> {
  steps: number;
  readonly slots: Readonly<Record<Slot, Variable>>;
}

class UpdateRule<Slot extends string> implements Optimizer {
  readonly #states = new Map<string, ParameterState<Slot>>();

  constructor(
    readonly method: string,
    readonly slots: readonly Slot[],
    readonly largestGradient: number | undefined,
    readonly update: (update: ParameterUpdate<Slot>) => UpdatedParameter<Slot>,
  ) {}

  async step(signal: TrainingSignal): Promise<StepReport> {
    requireShapes(signal);
    await requireFinite(signal, this.largestGradient);
    this.apply(signal);
    return { figures: {} };
  }

  apply({ parameters, gradients, learningRate, totalSteps, parameterInfo }: TrainingSignal): void {
    if (!(learningRate >= 0))
      throw new InvalidProblemError(`A learning rate is at least 0; given ${learningRate}.`);
    for (const [name, parameter] of Object.entries(parameters)) {
      const gradient = gradients[name];
      if (gradient == null) continue;
      const state = this.#stateOf(name, parameter);
      state.steps++;
      const info = parameterInfo?.[name];
      tidy(() => {
        const after = this.update({
          name,
          parameter,
          gradient,
          state: state.slots,
          learningRate,
          step: state.steps,
          ...(totalSteps !== undefined && { totalSteps }),
          ...(info && { info }),
        });
        // A rate of 0 must leave parameters as they are, bit for bit.
        if (learningRate > 0) parameter.assign(after.parameter);
        for (const slot of this.slots) state.slots[slot].assign(after.state[slot]);
      });
    }
  }

  bytes(): number {
    let bytes = 0;
    for (const { slots } of this.#states.values())
      for (const slot of this.slots) bytes += 4 * slots[slot].size;
    return bytes;
  }

  state(): StateDict {
    const tensors: Record<string, Tensor> = {};
    const steps: Record<string, number> = {};
    for (const [name, state] of this.#states) {
      steps[name] = state.steps;
      for (const slot of this.slots) tensors[`${slot}/${name}`] = state.slots[slot].clone();
    }
    return { tensors, values: { method: this.method, steps } };
  }

  restore({ tensors, values }: StateDict): void {
    const { method, steps } = values;
    if (method !== this.method || typeof steps !== 'object' || steps === null || Array.isArray(steps))
      throw new InvalidDataError(
        `This is no state of ${this.method}; its method is ${JSON.stringify(method)}.`,
      );
    const names = Object.keys(steps);
    const missing = names
      .flatMap((name) => this.slots.map((slot) => `${slot}/${name}`))
      .find((key) => !tensors[key]);
    if (missing !== undefined)
      throw new InvalidDataError(`The state of ${this.method} lacks the tensor '${missing}'.`);
    this.dispose();
    for (const name of names) {
      const copies = this.slots.map((slot) => [
        slot,
        tidy(() => variable(tensors[`${slot}/${name}`], false)),
      ]);
      this.#states.set(name, {
        steps: Number((steps as JsonObject)[name]),
        slots: Object.fromEntries(copies),
      });
    }
  }

  dispose(): void {
    for (const { slots } of this.#states.values()) for (const slot of this.slots) slots[slot].dispose();
    this.#states.clear();
  }

  #stateOf(name: string, parameter: Variable): ParameterState<Slot> {
    const known = this.#states.get(name);
    if (known !== undefined) {
      const stored = known.slots[this.slots[0]]?.shape;
      if (stored && stored.join() !== parameter.shape.join())
        throw new InvalidProblemError(
          `${name} has the shape [${parameter.shape}]; its state has [${stored}].`,
        );
      return known;
    }
    const zeros = () => tidy(() => keep(zerosLike(parameter).variable(false)));
    const fresh = {
      steps: 0,
      slots: Object.fromEntries(this.slots.map((slot) => [slot, zeros()])) as Record<Slot, Variable>,
    };
    this.#states.set(name, fresh);
    return fresh;
  }
}

function requireShapes({ parameters, gradients }: TrainingSignal): void {
  for (const [name, gradient] of Object.entries(gradients)) {
    const parameter = parameters[name];
    if (parameter !== undefined && gradient.shape.join() !== parameter.shape.join())
      throw new InvalidProblemError(
        `The gradient of ${name} has the shape [${gradient.shape}]; the parameter has [${parameter.shape}].`,
      );
  }
}

/** The largest number of float32. */
export const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/**
 * One number is read back.
 * @param largest size that an element may have; at most, and by default, that of float32
 * @throws NumericalError naming the gradient that is not finite, or too large, and the element
 */
export async function requireFinite(
  { gradients, step }: Pick<TrainingSignal, 'gradients' | 'step'>,
  largest = LARGEST_FLOAT,
): Promise<void> {
  const names = Object.keys(gradients);
  if (names.length === 0) return;
  // What is larger leaves the range of float32 when it is scaled so, and 0 x is 0 for every finite x and NaN otherwise.
  const scale = LARGEST_FLOAT / largest;
  const scaled = (gradient: Tensor) => (scale > 1 ? mul(gradient, scale) : gradient);
  const probe = tidy(() => addN(names.map((name) => sum(mul(scaled(gradients[name]), 0)) as Scalar)));
  const [value] = await probe.data();
  probe.dispose();
  if (value === 0) return;
  for (const name of names) {
    const values = await gradients[name].data();
    const at = values.findIndex((each) => !(Math.abs(each) * scale <= LARGEST_FLOAT));
    if (at < 0) continue;
    if (!Number.isFinite(values[at]))
      throw new NumericalError(`Step ${step}: the gradient of ${name} is not finite, at element ${at}.`);
    throw new NumericalError(
      `Step ${step}: the gradient of ${name} is ${values[at]} at element ${at}; above ${largest.toPrecision(3)} the method's state leaves the range of float32.`,
      { remedy: 'Clip gradients, or scale the loss down.' },
    );
  }
}
