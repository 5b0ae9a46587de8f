import type { GoldenFile, Tolerance } from '@espalier/core';

/** The one tolerance that a file states for all its numbers. */
export function statedTolerance({ tolerance }: GoldenFile): Tolerance {
  const { absolute = 0, relative = 0 } = (tolerance ?? {}) as Partial<Tolerance>;
  return { absolute, relative };
}
