import { NumericalError, type RandomSource } from '@espalier/core';
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

/** W as diag(r2) A S B diag(r1), folded: What = A S B. A wrapper that was never trained is the identity and left out: its norms are in S. */
export interface ArmorFactors {
  /** `[rows / blockOut, blockOut, blockOut]`, row norms folded in. */
  readonly a: Float64Array | undefined;
  /** Row-major `[rows, columns]`, zero where the mask is. */
  readonly s: Float64Array;
  /** `[columns / blockIn, blockIn, blockIn]`, column norms folded in. */
  readonly b: Float64Array | undefined;
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

/** A zero matrix has the loss 1; from here on a run does not come back. */
const DIVERGED = 1e6;

/**
 * ARMOR on one layer: from the mask of NoWag-P and wrappers that are the identity, alternate between steps on all kept numbers and
 * new supports for single groups.
 * Source: L. Liu et al., "ARMOR: High-Performance Semi-Structured Pruning via Adaptive Matrix Factorization", 2026, algorithm 1.
 *
 * @param weight row-major `[rows, columns]`, finite
 * @param moments second moments of the inputs, up to a constant
 * @param mask row-major, 1 where an element is kept at the start: see `initialMask`
 * @throws InvalidProblemError for weights that are not finite
 * @throws NumericalError for a run that diverged, unless the best factors are kept
 * @throws UnsupportedError for a layer that is too large for the memory of WebAssembly
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
  const rounds = armorRounds(weight, columns, moments, mask, settings, random);
  let step = rounds.next();
  while (!step.done) step = rounds.next(observer?.iteration(step.value.done, step.value.loss));
  return step.value;
}

/** A round that was done. */
export interface ArmorRound {
  readonly done: number;
  readonly loss: number;
  /** What {@link armorLayer} would return if it stopped here. */
  result(): ArmorResult;
}

/**
 * {@link armorLayer} round by round, for callers that have something else to do in between.
 *
 * @param name of the layer, for errors
 */
export function* armorRounds(
  weight: ArrayLike<number>,
  columns: number,
  moments: ArrayLike<number>,
  mask: Uint8Array,
  settings: ArmorSettings,
  random: RandomSource,
  name = 'the layer',
): Generator<ArmorRound, ArmorResult, 'go on' | 'stop' | undefined> {
  const { blockOut, blockIn, pattern, keepBest } = settings;
  const { matrix, rowNorms, columnNorms } = normalise(weight, columns);
  const sizes: Sizes = { rows: rowNorms.length, columns, blockOut, blockIn };
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
  const result = (): ArmorResult => {
    const loss = keepBest ? best.restore() : previous;
    const factors = folded(factorization, rowNorms, columnNorms, settings);
    return { ...factors, initialLoss, loss, history, iterations: done };
  };
  while (done < settings.iterations && failures < settings.patience) {
    for (let i = 0; i < settings.continuousUpdates; i++) improve();
    const between = factorization.loss();
    history.continuous.push(between);
    // With numbers that are not finite the sparse update would choose among nothing.
    if (pattern !== 'unstructured' && between < DIVERGED)
      for (let i = 0; i < settings.sparseUpdates; i++)
        sparseCoreStep(factorization, supports, pattern.m, settings.selection, random);
    const loss = factorization.loss();
    history.sparse.push(loss);
    done++;
    if (keepBest) best.offer(loss);
    const failed =
      loss > (1 - settings.relativeTolerance) * previous || loss > previous - settings.absoluteTolerance;
    failures = failed ? failures + 1 : 0;
    previous = loss;
    if (!(between < DIVERGED && loss < DIVERGED)) break;
    if ((yield { done, loss, result }) === 'stop') break;
  }
  const reached = result();
  if (!(reached.loss <= 1)) throw diverged(name, done, reached.loss);
  return reached;
}

function diverged(name: string, rounds: number, loss: number): NumericalError {
  return new NumericalError(
    `The fit of ${name} diverged: after ${rounds} rounds its loss is ${loss}, above 1, which is that of a matrix of zeros.`,
    { remedy: 'Lower `learningRate`, or keep the best factors that were seen (`keepBest`).' },
  );
}

/** The factors with the norms of the rows and columns in A and B, or in S where such a wrapper was never trained. */
function folded(
  { a, s, b, mask, sizes }: Factorization,
  rowNorms: Float64Array,
  columnNorms: Float64Array,
  { wrappers, iterations, continuousUpdates }: ArmorSettings,
): ArmorFactors {
  const { columns, blockOut, blockIn } = sizes;
  const isTrained = (side: Wrappers) =>
    iterations > 0 && continuousUpdates > 0 && (wrappers === 'both' || wrappers === side);
  const [left, right] = [isTrained('left'), isTrained('right')];
  const core = fromPanels(s.slice(), sizes);
  for (let i = 0; i < core.length; i++) {
    if (!left) core[i] *= rowNorms[Math.floor(i / columns)];
    if (!right) core[i] *= columnNorms[i % columns];
  }
  return {
    a: left ? a.map((value, i) => value * rowNorms[Math.floor(i / blockOut)]) : undefined,
    s: core,
    b: right
      ? b.map(
          (value, i) => value * columnNorms[Math.floor(i / (blockIn * blockIn)) * blockIn + (i % blockIn)],
        )
      : undefined,
    mask: fromPanels(mask, sizes),
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
