import type { RandomSource } from '@espalier/core';
import { type ContinuousStep, continuousStep, type Wrappers } from './continuous-step.js';
import { Factorization, fromPanels, type Sizes } from './factorization.js';
import { inputWeights, normalise } from './normalise.js';
import type { Selection } from './select-group.js';
import { sparseCoreStep } from './sparse-core-step.js';
import { supportsOf } from './supports.js';

/** See {@link armorLayer}; defaults are those of the algorithm `armor`. */
export interface ArmorSettings {
  readonly blockOut: number;
  readonly blockIn: number;
  /** n of m, or `unstructured`: the mask then stays as it was chosen. */
  readonly pattern: { readonly n: number; readonly m: number } | 'unstructured';
  readonly iterations: number;
  readonly learningRate: number;
  readonly continuousUpdates: number;
  readonly sparseUpdates: number;
  readonly selection: Selection;
  readonly wrappers: Wrappers;
  readonly optimizer: 'adam' | 'sequential-gd';
  readonly patience: number;
  readonly relativeTolerance: number;
  readonly absoluteTolerance: number;
  /** Return the best factors that were seen rather than the last. */
  readonly keepBest: boolean;
}

/** W as diag(r2) A S B diag(r1), folded: What = A S B. */
export interface ArmorFactors {
  /** `[rows / blockOut, blockOut, blockOut]`, row norms folded in. */
  readonly a: Float64Array;
  /** Row-major `[rows, columns]`, zero where the mask is. */
  readonly s: Float64Array;
  /** `[columns / blockIn, blockIn, blockIn]`, column norms folded in. */
  readonly b: Float64Array;
  /** Row-major. */
  readonly mask: Uint8Array;
}

/** The factors of a layer and how they were reached. */
export interface ArmorResult extends ArmorFactors {
  /** Before the first iteration: the loss of NoWag-P. */
  readonly initialLoss: number;
  /** Of the factors that are returned. */
  readonly loss: number;
  /** After the continuous and after the sparse updates of each iteration. */
  readonly history: { readonly continuous: readonly number[]; readonly sparse: readonly number[] };
  /** Iterations that were done. */
  readonly iterations: number;
}

/** What a caller may do between iterations. */
export interface ArmorObserver {
  /** Called after each iteration with its loss; the run ends when it answers `stop`. */
  iteration(done: number, loss: number): 'go on' | 'stop';
}

/**
 * ARMOR on one layer: from the mask of NoWag-P and wrappers that are the identity, alternate between steps on all kept numbers and
 * new supports for single groups.
 * Source: L. Liu et al., "ARMOR: High-Performance Semi-Structured Pruning via Adaptive Matrix Factorization", 2026, algorithm 1.
 *
 * @param weight row-major `[rows, columns]`, finite
 * @param moments second moments of the inputs, up to a constant
 * @param mask row-major, 1 where an element is kept at the start: see `initialMask`
 */
export function armorLayer(
  weight: ArrayLike<number>,
  columns: number,
  moments: ArrayLike<number>,
  mask: Uint8Array,
  settings: ArmorSettings,
  random: RandomSource,
  observer?: ArmorObserver,
): ArmorResult {
  const { blockOut, blockIn, pattern } = settings;
  const sizes: Sizes = { rows: weight.length / columns, columns, blockOut, blockIn };
  const { matrix, rowNorms, columnNorms } = normalise(weight, columns);
  const factorization = new Factorization(sizes, matrix, inputWeights(moments), mask);
  const improve: ContinuousStep = continuousStep(
    factorization,
    settings.optimizer,
    settings.learningRate,
    settings.wrappers,
  );
  const supports = pattern === 'unstructured' ? [] : supportsOf(pattern.n, pattern.m);
  const initialLoss = factorization.loss();
  const history = { continuous: [] as number[], sparse: [] as number[] };
  const best = new Best(factorization, initialLoss);
  let [previous, failures, done] = [initialLoss, 0, 0];
  while (done < settings.iterations && failures < settings.patience) {
    for (let i = 0; i < settings.continuousUpdates; i++) improve();
    history.continuous.push(factorization.loss());
    if (pattern !== 'unstructured')
      for (let i = 0; i < settings.sparseUpdates; i++)
        sparseCoreStep(factorization, supports, pattern.m, settings.selection, random);
    const loss = factorization.loss();
    history.sparse.push(loss);
    done++;
    if (settings.keepBest) best.offer(loss);
    const failed =
      loss > (1 - settings.relativeTolerance) * previous || loss > previous - settings.absoluteTolerance;
    failures = failed ? failures + 1 : 0;
    previous = loss;
    if (observer?.iteration(done, loss) === 'stop') break;
  }
  const loss = settings.keepBest ? best.restore() : previous;
  const { a, s, b } = factorization;
  return {
    a: a.map((value, i) => value * rowNorms[Math.floor(i / blockOut)]),
    s: fromPanels(s.slice(), sizes),
    b: b.map(
      (value, i) => value * columnNorms[Math.floor(i / (blockIn * blockIn)) * blockIn + (i % blockIn)],
    ),
    mask: fromPanels(factorization.mask, sizes),
    initialLoss,
    loss,
    history,
    iterations: done,
  };
}

/** Keeps the best factors that were seen: Adam may raise the loss now and then. */
class Best {
  #loss: number;
  readonly #copy: { a: Float64Array; s: Float64Array; b: Float64Array; mask: Uint8Array };

  constructor(
    readonly factorization: Factorization,
    loss: number,
  ) {
    const { a, s, b, mask } = factorization;
    this.#loss = loss;
    this.#copy = { a: a.slice(), s: s.slice(), b: b.slice(), mask: mask.slice() };
  }

  offer(loss: number): void {
    if (!(loss < this.#loss)) return;
    this.#loss = loss;
    for (const name of ['a', 's', 'b'] as const) this.#copy[name].set(this.factorization[name]);
    this.#copy.mask.set(this.factorization.mask);
  }

  restore(): number {
    for (const name of ['a', 's', 'b'] as const) this.factorization[name].set(this.#copy[name]);
    this.factorization.mask.set(this.#copy.mask);
    return this.#loss;
  }
}
