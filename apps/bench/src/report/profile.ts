/** A step of a profile: from `at` on, `share` of the problems are solved. */
export interface ProfileStep {
  readonly at: number;
  readonly share: number;
}

/**
 * Performance ratios of Dolan and Moré (2002, "Benchmarking optimization software with performance profiles",
 * Mathematical Programming 91, section 2): `costs[s][p]` of solver s on problem p over the least cost that any solver
 * has there.
 *
 * @param costs one row a solver, one column a problem; non-negative, `Infinity` for a problem that was not solved
 * @returns ratios of at least 1; `Infinity` where the solver did not solve the problem
 * @throws RangeError for rows of unequal length, negative costs and NaN
 */
export function performanceRatios(costs: readonly (readonly number[])[]): number[][] {
  const problems = costs[0]?.length ?? 0;
  for (const row of costs) {
    if (row.length !== problems) {
      throw new RangeError(`A profile needs ${problems} costs for every solver; given ${row.length}.`);
    }
    const wrong = row.find((cost) => !(cost >= 0));
    if (wrong !== undefined) throw new RangeError(`A profile's costs are 0 or more; given ${wrong}.`);
  }
  const least = Array.from({ length: problems }, (_, p) => Math.min(...costs.map((row) => row[p]!)));
  return costs.map((row) =>
    row.map((cost, p) => {
      if (cost === least[p]) return cost === Number.POSITIVE_INFINITY ? cost : 1;
      return cost / least[p]!;
    }),
  );
}

/**
 * The share of `values` that are at most `at`, at every finite value: a performance profile of one solver when the
 * values are its ratios, a data profile (Moré and Wild 2009, section 2.2) when they are its costs. Infinite values are
 * problems that were never solved: they count in the denominator.
 */
export function cumulativeShare(values: readonly number[]): ProfileStep[] {
  const solved = values.filter(Number.isFinite).sort((a, b) => a - b);
  const steps: ProfileStep[] = [];
  solved.forEach((at, i) => {
    if (solved[i + 1] !== at) steps.push({ at, share: (i + 1) / values.length });
  });
  return steps;
}

/** The share that `steps` have reached at `at`. */
export function shareAt(steps: readonly ProfileStep[], at: number): number {
  return steps.findLast((step) => step.at <= at)?.share ?? 0;
}
