import { type CompressedWeight, InvalidProblemError, nearestNames } from '@espalier/core';
import { Variable, variable } from '@tensorflow/tfjs-core';
import { denseWeight } from '../weights/dense.js';

/**
 * The weights of a model by layer name. A weight can stand in several slots and models; an owned one is disposed of when the
 * last of them lets go of it, a borrowed one never.
 */
export class WeightSlots {
  readonly #weights: Map<string, CompressedWeight>;

  /** Takes over the weights. */
  constructor(weights: Iterable<readonly [layer: string, CompressedWeight]>) {
    this.#weights = new Map(weights);
    for (const weight of this.#weights.values()) hold(weight, 'owned');
  }

  has(layer: string): boolean {
    return this.#weights.has(layer);
  }

  names(): readonly string[] {
    return [...this.#weights.keys()];
  }

  /** Takes a weight over under a new name. */
  add(layer: string, weight: CompressedWeight): void {
    hold(weight, 'owned');
    this.#weights.set(layer, weight);
  }

  /** @throws InvalidProblemError on an unknown name */
  get(layer: string): CompressedWeight {
    const weight = this.#weights.get(layer);
    if (weight) return weight;
    const near = nearestNames(layer, this.names());
    throw new InvalidProblemError(`There is no layer '${layer}'.`, {
      remedy: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'layers() lists the layers.',
    });
  }

  /** @throws InvalidProblemError on an unknown name or another shape; nothing is then changed, and `weight` stays the caller's */
  replace(layer: string, weight: CompressedWeight, ownership: 'owned' | 'borrowed' = 'owned'): void {
    const before = this.get(layer);
    const [outputs, inputs] = before.shape;
    if (weight.shape[0] !== outputs || weight.shape[1] !== inputs)
      throw new InvalidProblemError(`The weight of ${layer} is [${before.shape}]; given [${weight.shape}].`);
    hold(weight, ownership);
    this.#weights.set(layer, weight);
    release(before);
  }

  /** Bytes as stored; a weight that stands in several slots counts once. */
  get bytes(): number {
    return [...new Set(this.#weights.values())].reduce((bytes, weight) => bytes + weight.bytes, 0);
  }

  /** Shares the weights, except dense ones that can be trained in place: these are copied. */
  clone(): WeightSlots {
    const copies = new Map<CompressedWeight, CompressedWeight>();
    const own = new WeightSlots([]);
    for (const [layer, weight] of this.#weights) {
      const trained = trainedMatrix(weight);
      if (!trained) hold(weight, 'borrowed');
      else if (!copies.has(weight)) copies.set(weight, denseWeight(variable(trained)));
      const copy = copies.get(weight);
      if (copy) hold(copy, 'owned');
      own.#weights.set(layer, copy ?? weight);
    }
    return own;
  }

  dispose(): void {
    for (const weight of this.#weights.values()) release(weight);
    this.#weights.clear();
  }
}

/** The variable of a dense weight that can be trained. */
function trainedMatrix(weight: CompressedWeight): Variable | undefined {
  if (weight.format !== 'dense') return undefined;
  const { weight: matrix } = weight.parameters?.() ?? {};
  return matrix instanceof Variable && matrix.shape.join() === weight.shape.join() ? matrix : undefined;
}

/** How many slots hold a weight, and whether one of them owned it: shared by all models. */
const holdings = new WeakMap<CompressedWeight, { holders: number; owned: boolean }>();

function hold(weight: CompressedWeight, ownership: 'owned' | 'borrowed'): void {
  const holding = holdings.get(weight) ?? { holders: 0, owned: false };
  holding.holders++;
  if (ownership === 'owned') holding.owned = true;
  holdings.set(weight, holding);
}

function release(weight: CompressedWeight): void {
  const holding = holdings.get(weight);
  if (!holding || --holding.holders > 0) return;
  holdings.delete(weight);
  if (holding.owned) weight.dispose();
}
