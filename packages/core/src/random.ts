import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers. Equal seeds give equal streams on every platform. */
export interface RandomSource {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound). @throws RangeError unless 1 <= bound <= 2^53 */
  integer(bound: number): number;
  /** Standard normal (Marsaglia polar method). */
  normal(): number;
  /** `count` distinct integers of [0, bound) in random order, in time and memory of `count`. @throws RangeError when count > bound */
  sample(bound: number, count: number): Int32Array;
  /** Shuffles `items` where they stand (Fisher-Yates) and returns them. */
  shuffleInPlace<T>(items: T[]): T[];
  /** An independent stream, determined by this source's seed and `label` alone, not by what was drawn so far. */
  fork(label: string): RandomSource;
}

/** The seed of runs that name none: results are reproducible unless the caller asks for another seed. */
export const DEFAULT_SEED = 0;

/**
 * A source over xoroshiro128+ (pure-rand). `seed`: any safe integer. It is hashed to 32 bits: a small seed as it is would make the first
 * number of every source nearly 1, and the next ones alike for neighbouring seeds.
 */
export function createRandom(seed: number = DEFAULT_SEED): RandomSource {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`A seed is an integer; given ${seed}.`);
  const generator = xoroshiro128plus(deriveSeed(seed));
  let spareNormal: number | undefined;
  const integer = (bound: number): number => {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`integer(bound) needs an integer bound of at least 1; given ${bound}.`);
    }
    return uniformInt(generator, 0, bound - 1);
  };
  const source: RandomSource = {
    uniform: () => uniformFloat64(generator),
    integer,
    normal() {
      if (spareNormal !== undefined) {
        const value = spareNormal;
        spareNormal = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * source.uniform() - 1;
        const v = 2 * source.uniform() - 1;
        const s = u * u + v * v;
        if (s > 0 && s < 1) {
          const factor = Math.sqrt((-2 * Math.log(s)) / s);
          spareNormal = v * factor;
          return u * factor;
        }
      }
    },
    sample(bound, count) {
      if (!(count >= 0 && count <= bound)) {
        throw new RangeError(`sample(bound, count) needs 0 <= count <= bound; given ${count} of ${bound}.`);
      }
      const chosen = new Int32Array(count);
      const items = shuffledFirst(bound, count);
      for (let i = 0; i < count; i++) chosen[i] = items.swap(i, i + integer(bound - i));
      return chosen;
    },
    shuffleInPlace(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const kept = items[i]!;
        items[i] = items[j]!;
        items[j] = kept;
      }
      return items;
    },
    fork: (label) => createRandom(deriveSeed(seed, label)),
  };
  return source;
}

/** The numbers 0 to `bound` - 1 in a row, of which the first `count` places are filled one after the other by swaps. */
interface Row {
  /** Swaps what stands in place i with what stands in place j >= i, and returns what then stands in place i. */
  swap(i: number, j: number): number;
}

/** The first steps of a Fisher-Yates shuffle. Where few places are filled, only those that were touched are held. */
function shuffledFirst(bound: number, count: number): Row {
  // A map takes about ten times what a typed array takes for an entry.
  if (10 * count >= bound) {
    const items = Int32Array.from({ length: bound }, (_, i) => i);
    return {
      swap(i, j) {
        const chosen = items[j]!;
        items[j] = items[i]!;
        return chosen;
      },
    };
  }
  const moved = new Map<number, number>();
  return {
    swap(i, j) {
      const chosen = moved.get(j) ?? j;
      moved.set(j, moved.get(i) ?? i);
      return chosen;
    },
  };
}

/** A 32-bit seed that depends on every character of every part (FNV-1a, then the murmur3 finaliser). */
export function deriveSeed(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (const char of `${part}\u0000`) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
