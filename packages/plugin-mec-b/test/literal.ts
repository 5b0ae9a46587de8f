/**
 * The paper's algorithms once more, word by word and without any cleverness: what the tests compare with. Masses are plain lists.
 */
export const bitsOf = (masses: readonly number[]): number =>
  masses.reduce((sum, p) => sum + (p > 0 ? -p * Math.log2(p) : 0), 0);

/** Index of the largest entry; the first of equal ones. */
export const argmaxOf = (values: readonly number[]): number => values.indexOf(Math.max(...values));

const total = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0);

/** Algorithm 1: groups of symbols, sorted by their smallest member. */
export function literalSearch(px: readonly number[], budget: number): number[][] {
  let columns = px.flatMap((p, x) => (p > 0 ? [[x]] : []));
  const mass = (group: number[]) => total(group.map((x) => px[x]!));
  const bits = (groups: number[][]) => bitsOf(groups.map(mass));
  const sorted = (groups: number[][]) =>
    groups.map((group) => [...group].sort((a, b) => a - b)).sort((a, b) => a[0]! - b[0]!);
  // Larger first; of equal columns the one with the smaller symbol.
  const ordered = () => columns.toSorted((a, b) => mass(b) - mass(a) || Math.min(...a) - Math.min(...b));
  if (bits(columns) <= budget + 1e-12) return sorted(columns);
  for (;;) {
    const order = ordered();
    const smallest = [...order.slice(0, -2), order.slice(-2).flat()];
    if (bits(smallest) <= budget + 1e-12) return sorted(smallest);
    columns = [order.slice(0, 2).flat(), ...order.slice(2)];
    if (bits(columns) <= budget + 1e-12) return sorted(columns);
  }
}

/** Max-seeking: a dense joint. */
export function literalMaxSeeking(px: readonly number[], py: readonly number[]): number[][] {
  const [p, q] = [[...px], [...py]];
  const joint = p.map(() => q.map(() => 0));
  for (let step = 0; step < p.length + q.length && Math.max(...p) > 1e-15 && Math.max(...q) > 1e-15; step++) {
    const [x, y] = [argmaxOf(p), argmaxOf(q)];
    const mass = Math.min(p[x]!, q[y]!);
    joint[x]![y]! += mass;
    p[x]! -= mass;
    q[y]! -= mass;
  }
  return joint;
}

/** Zero-seeking: all pairs are looked at in each step. */
export function literalZeroSeeking(px: readonly number[], py: readonly number[]): number[][] {
  const [p, q] = [[...px], [...py]];
  const joint = p.map(() => q.map(() => 0));
  for (;;) {
    let best: { x: number; y: number; gap: number } | undefined;
    for (const [x, a] of p.entries()) {
      for (const [y, b] of q.entries()) {
        if (a <= 0 || b <= 0) continue;
        const gap = Math.abs(a - b);
        if (!best || gap < best.gap) best = { x, y, gap };
      }
    }
    if (!best) return joint;
    const mass = Math.min(p[best.x]!, q[best.y]!);
    joint[best.x]![best.y]! += mass;
    p[best.x]! -= mass;
    q[best.y]! -= mass;
  }
}

/** The joint J[action][message] of a step of the game: Algorithm 1, max-seeking, composed. */
export function literalStep(
  policy: readonly number[],
  belief: readonly number[],
  budget: number,
): number[][] {
  const groups = literalSearch(belief, budget);
  const pt = groups.map((group) => total(group.map((x) => belief[x]!)));
  const pta = literalMaxSeeking(pt, policy);
  return policy.map((_, a) =>
    belief.map((b, x) => {
      const t = groups.findIndex((group) => group.includes(x));
      return t < 0 ? 0 : (b * pta[t]![a]!) / pt[t]!;
    }),
  );
}

/** All partitions of 0 .. n - 1 into groups. */
export function allPartitions(n: number): number[][][] {
  if (n === 0) return [[]];
  return allPartitions(n - 1).flatMap((groups) => [
    ...groups.map((_, k) => groups.map((group, j) => (j === k ? [...group, n - 1] : group))),
    [...groups, [n - 1]],
  ]);
}
