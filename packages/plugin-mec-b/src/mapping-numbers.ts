import type { Encoder } from './encoder.js';
import { entropy } from './entropy.js';

/**
 * What theorem 3 needs to know of a deterministic mapping with entropy H: from where mass is moved, if its entropy is to become
 * larger (up) or smaller (down).
 */
export interface MappingNumbers {
  readonly entropy: number;
  /** The cell with the smallest share of its column, and the mass of that column; 0 where all columns have one symbol. */
  readonly upCell: number;
  readonly upColumn: number;
  /** The smallest cell of the smallest column, the mass of that column and of the largest; 0 where there is one column only. */
  readonly downCell: number;
  readonly downColumn: number;
  readonly largest: number;
}

/** The numbers of a mapping from its columns, the first of equals. O(n). */
export function mappingNumbers(px: Float64Array, { codeOf, codes }: Encoder): MappingNumbers {
  const sums = new Float64Array(codes);
  const members = new Int32Array(codes);
  const smallest = new Float64Array(codes).fill(Number.POSITIVE_INFINITY);
  for (let x = 0; x < px.length; x++) {
    const code = codeOf[x]!;
    if (code < 0) continue;
    sums[code]! += px[x]!;
    members[code]!++;
    smallest[code] = Math.min(smallest[code]!, px[x]!);
  }
  let [up, down, largest] = [-1, 0, 0];
  for (let code = 0; code < codes; code++) {
    const share = (k: number) => smallest[k]! / sums[k]!;
    if (members[code]! > 1 && (up < 0 || share(code) < share(up))) up = code;
    if (sums[code]! < sums[down]!) down = code;
    if (sums[code]! > sums[largest]!) largest = code;
  }
  return {
    entropy: entropy(sums),
    upCell: up < 0 ? 0 : smallest[up]!,
    upColumn: up < 0 ? 0 : sums[up]!,
    downCell: codes > 1 ? smallest[down]! : 0,
    downColumn: sums[down]!,
    largest: sums[largest]!,
  };
}
