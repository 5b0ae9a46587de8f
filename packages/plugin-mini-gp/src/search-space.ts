import { createRandom, InvalidProblemError } from '@espalier/core';
import { type CandidateSet, candidatesFrom } from './candidate-set.js';

/** One parameter of what is tuned. */
export type Parameter =
  | {
      readonly name: string;
      readonly type: 'continuous';
      readonly min: number;
      readonly max: number;
      /** `log` for scales such as a learning rate; needs min > 0. Default `linear`. */
      readonly scale?: 'linear' | 'log';
    }
  | {
      readonly name: string;
      readonly type: 'integer';
      readonly min: number;
      readonly max: number;
      readonly scale?: 'linear' | 'log';
    }
  | { readonly name: string; readonly type: 'categorical'; readonly choices: readonly (string | number)[] };

/** Values by parameter. */
export type Configuration = Readonly<Record<string, string | number>>;

/** Candidates made from parameters: a {@link CandidateSet} that knows which configuration a candidate stands for. */
export interface SearchSpace extends CandidateSet {
  readonly configurations: readonly Configuration[];
}

/**
 * Candidates over a box of parameters: all combinations where they are finitely many and at most `size`, else `size` points of a
 * low-discrepancy sequence (the generalised golden ratio's, M. Roberts 2018, shifted by the seed), duplicates left out.
 * Numbers are scaled to [0, 1]; a category is one coordinate a choice, so that any two choices are at distance 1.
 * @throws InvalidProblemError for no parameters, equal names, or a parameter without room
 */
export function searchSpace(
  parameters: readonly Parameter[],
  { size = 1_000, seed = 0 }: { readonly size?: number; readonly seed?: number } = {},
): SearchSpace {
  check(parameters, size);
  const levels = parameters.map(levelsOf);
  const combinations = levels.reduce((product, level) => product * level, 1);
  const places = combinations <= size ? combinationsOf(levels) : sequence(parameters.length, size, seed);
  const seen = new Set<string>();
  const configurations: Configuration[] = [];
  const rows: number[][] = [];
  for (const place of places) {
    const values = parameters.map((parameter, k) => valueAt(parameter, place[k]));
    const key = JSON.stringify(values);
    if (seen.has(key)) continue;
    seen.add(key);
    configurations.push(Object.fromEntries(parameters.map(({ name }, k) => [name, values[k]])));
    rows.push(parameters.flatMap((parameter, k) => encode(parameter, values[k])));
  }
  return { ...candidatesFrom(rows), configurations };
}

function check(parameters: readonly Parameter[], size: number): void {
  if (parameters.length === 0) throw new InvalidProblemError('A search space needs at least one parameter.');
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new InvalidProblemError(`The size of a search space is ${size}; an integer >= 1 is needed.`);
  }
  parameters.forEach((parameter, i) => {
    const { name } = parameter;
    if (parameters.findIndex((other) => other.name === name) < i) {
      throw new InvalidProblemError(`There are two parameters of the name '${name}'.`);
    }
    if (parameter.type === 'categorical') {
      if (new Set(parameter.choices).size !== parameter.choices.length || parameter.choices.length === 0) {
        throw new InvalidProblemError(`The choices of '${name}' must be different, and at least one.`);
      }
      return;
    }
    const { min, max, scale = 'linear', type } = parameter;
    const finite = Number.isFinite(min) && Number.isFinite(max);
    const whole = type === 'continuous' || (Number.isSafeInteger(min) && Number.isSafeInteger(max));
    if (!finite || !whole || min > max || (type === 'continuous' && min === max)) {
      throw new InvalidProblemError(
        `The ${type} parameter '${name}' ranges from ${min} to ${max}; ${type === 'integer' ? 'integers, min <= max' : 'finite numbers, min < max'}.`,
      );
    }
    if (scale === 'log' && !(min > 0)) {
      throw new InvalidProblemError(`The parameter '${name}' has a log scale: its min ${min} must be > 0.`);
    }
  });
}

function levelsOf(parameter: Parameter): number {
  if (parameter.type === 'continuous') return Number.POSITIVE_INFINITY;
  return parameter.type === 'integer' ? parameter.max - parameter.min + 1 : parameter.choices.length;
}

/** Where a parameter stands: at a level of a discrete one, or at a share of its range in [0, 1). */
type Place = { readonly level: number } | { readonly share: number };

/** Every combination of levels, the last parameter fastest. */
function* combinationsOf(levels: readonly number[]): Generator<Place[]> {
  const total = levels.reduce((product, level) => product * level, 1);
  for (let t = 0; t < total; t++) {
    const places: Place[] = new Array(levels.length);
    let rest = t;
    for (let k = levels.length - 1; k >= 0; k--) {
      places[k] = { level: rest % levels[k] };
      rest = Math.floor(rest / levels[k]);
    }
    yield places;
  }
}

/** frac(shift + n alpha_k), alpha_k = g^-(k+1) with g the root of g^(d+1) = g + 1. */
function* sequence(dimension: number, size: number, seed: number): Generator<Place[]> {
  let g = 2;
  for (let i = 0; i < 60; i++) g = (1 + g) ** (1 / (dimension + 1));
  const random = createRandom(seed);
  const shift = Array.from({ length: dimension }, () => random.uniform());
  for (let n = 1; n <= size; n++) yield shift.map((s, k) => ({ share: (s + n * g ** -(k + 1)) % 1 }));
}

function valueAt(parameter: Parameter, place: Place): string | number {
  if (parameter.type === 'categorical') {
    const { choices } = parameter;
    return choices['level' in place ? place.level : Math.floor(place.share * choices.length)];
  }
  const { min, max, type, scale = 'linear' } = parameter;
  if ('level' in place) return min + place.level;
  // An integer owns half a unit to either side, so that the ends are as likely as the middle.
  const half = type === 'integer' ? 0.5 : 0;
  const [low, high] =
    scale === 'log' ? [Math.log(min - half), Math.log(max + half)] : [min - half, max + half];
  const inside = low + place.share * (high - low);
  const value = scale === 'log' ? Math.exp(inside) : inside;
  return Math.min(max, Math.max(min, type === 'integer' ? Math.round(value) : value));
}

/** Coordinates of a value. */
function encode(parameter: Parameter, value: string | number): number[] {
  if (parameter.type === 'categorical') {
    return parameter.choices.map((choice) => (choice === value ? Math.SQRT1_2 : 0));
  }
  const { min, max, scale = 'linear' } = parameter;
  if (min === max) return [0];
  const number = value as number;
  if (scale === 'log') return [Math.log(number / min) / Math.log(max / min)];
  return [(number - min) / (max - min)];
}
