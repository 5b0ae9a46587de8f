import type { GoldenRunner, Json, JsonObject } from '@espalier/core';
import { type DenseMip, denseMip } from './dense-mip.js';
import { objectiveOf } from './feasibility.js';
import { statedTolerance } from './golden-tolerance.js';
import { highsEngine } from './highs-engine.js';
import { minimization, variableSets } from './minimization.js';
import type { MipModel, Restriction, SolveResult } from './mip-engine.js';
import { crossoverCandidates } from './operators/crossover.js';
import { type DestroyContext, fixOutside } from './operators/destroy-operator.js';
import { dinsBounds, dinsCandidates } from './operators/dins.js';
import { localBranchingRow } from './operators/local-branching.js';
import { type Cutoff, proximityRestriction } from './operators/proximity.js';
import { rensBounds } from './operators/rens.js';
import { rinsCandidates } from './operators/rins.js';
import { fractionalOf } from './relaxation.js';

/** One neighbourhood of the file: its operator, and the random choices as inputs. */
interface Neighbourhood {
  readonly operator: string;
  readonly fixContinuous?: boolean;
  readonly chosen?: readonly number[];
  readonly other?: readonly number[];
  readonly k?: number;
  readonly delta?: number;
  readonly cutoff?: Cutoff;
}

interface NeighbourhoodFile {
  readonly cases: readonly {
    readonly problem: DenseMip;
    readonly relaxation: { readonly x: readonly number[] };
    readonly incumbent: readonly number[];
    readonly neighbourhoods: readonly Neighbourhood[];
  }[];
}

/** Restricted programs: their bounds, rows and costs, and their exact optima. */
export const neighbourhood: GoldenRunner = {
  async run(file) {
    const cases: Json[] = [];
    for (const item of (file as unknown as NeighbourhoodFile).cases) cases.push(await solveCase(item));
    return { cases };
  },
  tolerance: (_path, file) => statedTolerance(file),
};

async function solveCase(item: NeighbourhoodFile['cases'][number]): Promise<Json> {
  const mip = minimization(denseMip(item.problem));
  const model = await highsEngine.load(mip);
  try {
    const x = Float64Array.from(item.incumbent);
    const relaxed = Float64Array.from(item.relaxation.x);
    const seen: Seen = {
      mip,
      ...variableSets(mip),
      x,
      objective: objectiveOf(mip, x),
      relaxation: {
        x: relaxed,
        objective: objectiveOf(mip, relaxed),
        fractional: fractionalOf(mip, relaxed),
      },
      fixContinuous: false,
    };
    const relaxation = await optimumOf(model, { relaxed: true });
    const neighbourhoods: Json[] = [];
    for (const one of item.neighbourhoods) {
      neighbourhoods.push(named(await solveOne(model, seen, one), one));
    }
    return named(
      {
        optimum: await optimumOf(model, {}),
        relaxation: { objective: relaxation, fractional: [...seen.relaxation.fractional] },
        incumbentObjective: seen.objective,
        neighbourhoods,
      },
      item,
    );
  } finally {
    model.dispose();
  }
}

/** The outputs that the file holds: a file may leave some out. */
function named(outputs: JsonObject, given: object): JsonObject {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => Object.hasOwn(given, name)));
}

type Seen = Omit<DestroyContext, 'random' | 'randomSolution' | 'relaxWith' | 'relaxation'> & {
  readonly relaxation: NonNullable<DestroyContext['relaxation']>;
};

async function solveOne(model: MipModel, seen: Seen, given: Neighbourhood): Promise<JsonObject> {
  const context = { ...seen, fixContinuous: given.fixContinuous ?? false };
  const chosen = Int32Array.from(given.chosen ?? []);
  switch (given.operator) {
    case 'mutation':
      return bounded(model, fixOutside(context, chosen));
    case 'rins': {
      const candidates = [...rinsCandidates(context)];
      return { candidates, ...(await bounded(model, fixOutside(context, chosen))) };
    }
    case 'rens': {
      const candidates = [...seen.relaxation.fractional];
      return { candidates, ...(await bounded(model, rensBounds(context, chosen))) };
    }
    case 'dins': {
      const distant = dinsCandidates(context);
      return { chosen: [...distant], ...(await bounded(model, dinsBounds(context, distant))) };
    }
    case 'crossover': {
      const differing = crossoverCandidates(context, Float64Array.from(given.other!));
      return { chosen: [...differing], ...(await bounded(model, fixOutside(context, differing))) };
    }
    case 'local_branching': {
      const restriction = localBranchingRow(context, given.k!);
      return { ...rowOf(restriction, context.x.length), optimum: await optimumOf(model, restriction) };
    }
    case 'proximity': {
      const restriction = proximityRestriction(context, given.delta!, given.cutoff ?? 'below');
      const ones = context.binaries.filter((j) => context.x[j] === 1).length;
      return {
        objective: [...restriction.objective!, restriction.extraColumnCost!],
        objectiveOffset: ones,
        ...rowOf(restriction, context.x.length + 1),
        optimumWithoutOffset: await optimumOf(model, restriction),
      };
    }
    default:
      throw new Error(`The operator '${given.operator}' has no deterministic neighbourhood.`);
  }
}

async function bounded(model: MipModel, restriction: { lower: Float64Array; upper: Float64Array }) {
  const optimum = await optimumOf(model, restriction);
  return { lower: [...restriction.lower], upper: [...restriction.upper], optimum };
}

function rowOf({ row }: Restriction, columns: number): { row: number[]; rowUpper: number } {
  const dense = new Array<number>(columns).fill(0);
  for (const [k, j] of row!.indices.entries()) dense[j] = row!.values[k]!;
  return { row: dense, rowUpper: row!.upper };
}

/** null when the restricted program has no solution. */
async function optimumOf(model: MipModel, restriction: Restriction): Promise<number | null> {
  const { status, objective }: SolveResult = await model.solve(restriction, { timeMs: 60_000, gap: 0 });
  if (status === 'infeasible') return null;
  if (status !== 'optimal') throw new Error(`The restricted program ended with the status '${status}'.`);
  return objective!;
}
