import { InvalidDataError, InvalidProblemError, type Json, type StateDict } from '@espalier/core';
import { keep, scalar, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { MomentumRule } from './momentum-rule.js';

/** What a rule knows about one parameter. */
export interface ParameterState {
  readonly shape: readonly number[];
  slots: Readonly<Record<string, Tensor>>;
  /** Steps that it has taken part in. */
  steps: number;
  /** Of the last of them; 0 before. */
  learningRate: number;
  readonly weightDecay: number;
}

type Slots = MomentumRule['slots'];

/** The state of a {@link MomentumRule}: tensors by slot and parameter, numbers beside them. */
export class MomentumState {
  readonly #rule: MomentumRule;
  readonly #states = new Map<string, ParameterState>();
  /** Of the step before, for rules that compare losses. */
  previousLoss: number | undefined;

  constructor(rule: MomentumRule) {
    this.#rule = rule;
  }

  /** @throws InvalidProblemError when the parameter has another shape than its state */
  requireFit(name: string, shape: readonly number[]): void {
    const stored = this.#states.get(name)?.shape;
    if (stored && stored.join() !== shape.join())
      throw new InvalidProblemError(`${name} has the shape [${shape}]; its state has [${stored}].`);
  }

  /** The state of a parameter, made when it is first asked for. */
  of(name: string, { shape }: Tensor): ParameterState {
    const known = this.#states.get(name);
    if (known) return known;
    const made = Object.entries(this.#rule.slots).map(([slot, start]) => [
      slot,
      keep(start === 'one' ? scalar(1) : zeros(shape)),
    ]);
    return this.#add(name, [...shape], Object.fromEntries(made), 0, 0);
  }

  /** Ends a step: puts new tensors in the place of old ones, and keeps them from the tidy that they were made in. */
  put(name: string, slots: Readonly<Record<string, Tensor>>, learningRate: number): void {
    const state = this.#states.get(name)!;
    for (const [slot, next] of Object.entries(slots)) {
      keep(next);
      state.slots[slot].dispose();
    }
    state.slots = { ...state.slots, ...slots };
    state.learningRate = learningRate;
    state.steps++;
  }

  bytes(): number {
    let numbers = 0;
    for (const { slots } of this.#states.values())
      for (const { size } of Object.values(slots)) numbers += size;
    return numbers * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Tensors are copies that the caller disposes of. */
  stored(): StateDict {
    const tensors: Record<string, Tensor> = {};
    const steps: Record<string, number> = {};
    const learningRates: Record<string, number> = {};
    for (const [name, state] of this.#states) {
      steps[name] = state.steps;
      learningRates[name] = state.learningRate;
      for (const [slot, each] of Object.entries(state.slots)) tensors[`${slot}/${name}`] = each.clone();
    }
    const { method } = this.#rule;
    const { previousLoss } = this;
    return {
      tensors,
      values: {
        method,
        version: 1,
        steps,
        learningRates,
        ...(previousLoss !== undefined && { previousLoss }),
      },
    };
  }

  /** @throws InvalidDataError when the state is of another method, version or shape; then nothing changes */
  restore({ tensors, values }: StateDict): void {
    const { method, version, steps, learningRates, previousLoss } = values;
    if (method !== this.#rule.method || version !== 1)
      throw new InvalidDataError(
        `This is no state of ${this.#rule.method}, version 1: method ${JSON.stringify(method)}, version ${JSON.stringify(version)}.`,
      );
    const counts = numbersOf('steps', steps, (value) => Number.isInteger(value) && value >= 1);
    const rates = numbersOf('learningRates', learningRates, (value) => value >= 0 && Number.isFinite(value));
    if (previousLoss !== undefined && !Number.isFinite(previousLoss))
      throw new InvalidDataError(`previousLoss is ${JSON.stringify(previousLoss)}; it must be a number.`);
    for (const name of Object.keys(counts)) {
      if (rates[name] === undefined)
        throw new InvalidDataError(`The state lacks the learning rate of ${name}.`);
      requireSlots(this.#rule.slots, tensors, name);
    }
    this.dispose();
    this.previousLoss = previousLoss as number | undefined;
    for (const [name, count] of Object.entries(counts)) {
      const slots = Object.keys(this.#rule.slots).map((slot) => [
        slot,
        tidy(() => keep(tensors[`${slot}/${name}`].clone())),
      ]);
      const { shape } = tensors[`${shapedSlot(this.#rule.slots)}/${name}`];
      this.#add(name, [...shape], Object.fromEntries(slots), count, rates[name]);
    }
  }

  dispose(): void {
    for (const { slots } of this.#states.values()) for (const each of Object.values(slots)) each.dispose();
    this.#states.clear();
    this.previousLoss = undefined;
  }

  #add(
    name: string,
    shape: readonly number[],
    slots: ParameterState['slots'],
    steps: number,
    learningRate: number,
  ): ParameterState {
    const weightDecay = this.#rule.decayOf(name, shape);
    const state = { shape, slots, steps, learningRate, weightDecay };
    this.#states.set(name, state);
    return state;
  }
}

/** A slot whose tensors have the shape of their parameter. */
function shapedSlot(slots: Slots): string {
  return Object.keys(slots).find((slot) => slots[slot] === 'zeros')!;
}

function numbersOf(
  what: string,
  value: Json | undefined,
  allowed: (value: number) => boolean,
): Readonly<Record<string, number>> {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  for (const [name, each] of Object.entries(entries ?? { [what]: value })) {
    if (entries === undefined || typeof each !== 'number' || !allowed(each))
      throw new InvalidDataError(`The state's ${what} hold ${JSON.stringify(each)} for ${name}.`);
  }
  return entries as Readonly<Record<string, number>>;
}

function requireSlots(slots: Slots, tensors: StateDict['tensors'], name: string): void {
  const of = (slot: string): Tensor | undefined => tensors[`${slot}/${name}`];
  const shape = of(shapedSlot(slots))?.shape;
  for (const [slot, start] of Object.entries(slots)) {
    const found = of(slot);
    const wanted = start === 'one' ? [] : shape;
    if (found?.dtype !== 'float32' || found.shape.join() !== wanted?.join())
      throw new InvalidDataError(
        `The state's tensor '${slot}/${name}' is ${found ? `${found.dtype} [${found.shape}]` : 'missing'}; it must be float32 [${wanted ?? 'any'}].`,
      );
  }
}
