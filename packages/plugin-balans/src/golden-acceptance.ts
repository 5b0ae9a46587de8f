import type { GoldenRunner } from '@espalier/core';
import { acceptanceSchema, createAcceptance } from './acceptance/acceptance-options.js';
import { statedTolerance } from './golden-tolerance.js';
import { outcomeOf } from './search.js';

interface Step {
  readonly best: number;
  readonly current: number;
  readonly candidate: number;
  readonly uniform: number;
}

interface AcceptanceFile {
  readonly cases: readonly {
    /** In the names of the reference: `RecordToRecordTravel`. */
    readonly criterion: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly steps: readonly Step[];
  }[];
}

/** A criterion that sees candidate after candidate; best and current follow from its own decisions. */
export const acceptanceTrace: GoldenRunner = {
  async run(file) {
    return { cases: (file as unknown as AcceptanceFile).cases.map((item) => ({ steps: trace(item) })) };
  },
  tolerance: (_path, file) => statedTolerance(file),
};

function trace({ criterion, options, steps }: AcceptanceFile['cases'][number]) {
  const { compareBest, ...rest } = options;
  const parsed = acceptanceSchema.parse({
    criterion: kebab(criterion),
    ...rest,
    ...(compareBest !== undefined && { compareWith: compareBest ? 'best' : 'current' }),
  });
  const point = (objective: number) => ({ x: new Float64Array(0), objective });
  let [best, current] = [point(steps[0]!.best), point(steps[0]!.current)];
  const acceptance = createAcceptance(parsed, current.objective);
  return steps.map((step) => {
    const before = { best: best.objective, current: current.objective };
    const candidate = point(step.candidate);
    let usedUniform = false;
    const accepted = acceptance.accept({ ...before, candidate: step.candidate }, () => {
      usedUniform = true;
      return step.uniform;
    });
    const outcome = outcomeOf(accepted, best, current, candidate);
    if (outcome === 'BEST') best = candidate;
    if (outcome !== 'REJECT') current = candidate;
    return { ...before, usedUniform, accepted, outcome };
  });
}

/** `RecordToRecordTravel` as `record-to-record-travel`. */
function kebab(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
