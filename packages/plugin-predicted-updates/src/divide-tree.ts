import { InvalidProblemError } from '@espalier/core';

/** Where the nodes of the divide tree split: [l, r) into [l, m) and [m, r). */
export type Split = 'random' | 'midpoint' | readonly (readonly [l: number, r: number, m: number])[];

/** The divide tree over slots: its root is [0, horizon). Nothing is stored: splits are computed when they are asked for. */
export interface DivideTree {
  /** m with l < m < r, always the same for the same node. */
  split(l: number, r: number): number;
}

/**
 * `random` (the paper's analysis): m uniform in l+1..r-1, from a hash of (seed, l, r): the expected size of the lowest common ancestor
 * of two slots at distance d is then O(d log T), whatever an adversary who does not know the seed does.
 */
export function createDivideTree(split: Split, seed: number): DivideTree {
  if (split === 'midpoint') return { split: (l, r) => (l + r) >>> 1 };
  if (split === 'random')
    return { split: (l, r) => l + 1 + Math.floor((hash(seed, l, r) / 2 ** 32) * (r - l - 1)) };
  return explicitTree(split);
}

function explicitTree(list: readonly (readonly [number, number, number])[]): DivideTree {
  const given = new Map<string, number>();
  for (const [l, r, m] of list) {
    if (!(l < m && m < r))
      throw new InvalidProblemError(`The split [${l}, ${r}, ${m}] is not possible: l < m < r is needed.`);
    given.set(`${l},${r}`, m);
  }
  return { split: (l, r) => given.get(`${l},${r}`) ?? (l + r) >>> 1 };
}

/** 32 bits that depend on all three numbers (the finaliser of murmur3 after each). */
function hash(seed: number, l: number, r: number): number {
  return mix(mix(mix(seed) ^ l) ^ r);
}

function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
