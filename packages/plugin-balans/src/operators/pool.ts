import { InvalidOptionsError, nearestNames } from '@espalier/core';
import { crossover } from './crossover.js';
import type { DestroyOperator } from './destroy-operator.js';
import { dins } from './dins.js';
import { localBranching } from './local-branching.js';
import { localBranchingRelax, type RelaxSampling } from './local-branching-relax.js';
import { mutation } from './mutation.js';
import { type Cutoff, proximity } from './proximity.js';
import { type RandomObjectiveMode, randomObjective } from './random-objective.js';
import { rens } from './rens.js';
import { rins } from './rins.js';

/** The sixteen operators of the paper's pool. */
export const DEFAULT_OPERATORS: readonly string[] = [
  'crossover',
  ...[25, 50, 75].map((d) => `mutation_${d}`),
  ...[10, 25, 50].map((d) => `local_branching_${d}`),
  ...['005', '015', '030'].map((d) => `proximity_${d}`),
  ...[25, 50, 75].map((d) => `rens_${d}`),
  ...[25, 50, 75].map((d) => `rins_${d}`),
];

/** Variants of operators that a whole search shares. */
export interface OperatorVariants {
  readonly cutoff: Cutoff;
  readonly randomObjectiveMode: RandomObjectiveMode;
  readonly relaxSampling: RelaxSampling;
}

const WITH_DELTA: Readonly<Record<string, (delta: number, variants: OperatorVariants) => DestroyOperator>> = {
  mutation,
  rins,
  rens,
  local_branching: localBranching,
  proximity: (delta, { cutoff }) => proximity(delta, cutoff),
  local_branching_relax: (delta, { relaxSampling }) => localBranchingRelax(delta, relaxSampling),
};

const WITHOUT_DELTA: Readonly<Record<string, (variants: OperatorVariants) => DestroyOperator>> = {
  crossover,
  dins,
  random_objective: ({ randomObjectiveMode }) => randomObjective(randomObjectiveMode),
};

/**
 * An operator by its name: `crossover`, `dins`, `random_objective`, or one with its share written behind as decimals, `mutation_25` for
 * 0.25, `proximity_005` for 0.005; `mutation_1.0` is the share 1.
 * @throws InvalidOptionsError with the nearest names
 */
export function operatorByName(name: string, variants: OperatorVariants): DestroyOperator {
  const plain = WITHOUT_DELTA[name];
  if (plain) return plain(variants);
  const [, kind = '', digits = ''] = /^(.+)_(\d+(?:\.\d+)?)$/.exec(name) ?? [];
  const make = Object.hasOwn(WITH_DELTA, kind) ? WITH_DELTA[kind] : undefined;
  const delta = digits.includes('.') ? Number(digits) : Number(`0.${digits}`);
  if (make && delta > 0 && delta <= 1) return { ...make(delta, variants), name };
  const known = [...DEFAULT_OPERATORS, ...Object.keys(WITHOUT_DELTA), 'local_branching_relax_25'];
  const near = nearestNames(name, known);
  throw new InvalidOptionsError(`There is no destroy operator '${name}'.`, {
    remedy:
      near.length > 0
        ? `Did you mean ${near.map((n) => `'${n}'`).join(' or ')}?`
        : `Kinds: ${[...Object.keys(WITHOUT_DELTA), ...Object.keys(WITH_DELTA).map((k) => `${k}_<share in (0, 1], as decimals>`)].join(', ')}.`,
  });
}
