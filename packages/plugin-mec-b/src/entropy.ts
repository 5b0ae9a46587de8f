/** -p log2 p in bits, 0 at p = 0. */
export function entropyTerm(p: number): number {
  return p > 0 ? -p * Math.log2(p) : 0;
}

/** Entropy of masses in bits. Sums are compensated (Neumaier), so that 10^5 symbols lose no digits. Never negative. */
export function entropy(masses: ArrayLike<number>): number {
  let [total, lost] = [0, 0];
  for (let i = 0; i < masses.length; i++) {
    const term = entropyTerm(masses[i]!);
    const next = total + term;
    lost += Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
    total = next;
  }
  return Math.max(0, total + lost);
}

/** The compensated sum of some numbers. */
export function sumOf(values: ArrayLike<number>): number {
  let [total, lost] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Entropy in bits of a coin that shows heads with probability `u`; 0 outside (0, 1). */
export function binaryEntropy(u: number): number {
  return u > 0 && u < 1 ? entropyTerm(u) + entropyTerm(1 - u) : 0;
}

/** Entropy that is lost when columns of masses p, q > 0 become one: D(p, q) = p log2(1 + q/p) + q log2(1 + p/q). */
export function mergeLoss(p: number, q: number): number {
  const [small, large] = p < q ? [p, q] : [q, p];
  const ratio = large / small;
  // Of subnormal masses the ratio overflows.
  const ofSmall = Number.isFinite(ratio) ? Math.log1p(ratio) : Math.log(large) - Math.log(small);
  return (small * ofSmall + large * Math.log1p(small / large)) / Math.LN2;
}

/** Entropies this close to a budget keep it: a uniform source at R = H(X) must not miss by rounding. */
export const BUDGET_TOLERANCE = 1e-12;
