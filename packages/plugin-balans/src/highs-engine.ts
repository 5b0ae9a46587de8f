import { messageOf } from '@espalier/core';
import type { Highs, HighsCallbackMap, Model } from 'highs';
import { loadHighs } from './load-highs.js';
import type { Minimization } from './minimization.js';
import type { MipEngine, MipModel, Restriction, SolveLimits, SolveResult } from './mip-engine.js';

/**
 * HiGHS in WebAssembly (npm `highs`). The model stays in the engine: a neighbourhood changes bounds and costs, nothing is parsed or
 * passed again. An abort of the module poisons its instance: the next solve gets a fresh one with the same program.
 */
export const highsEngine: MipEngine = {
  name: 'highs',
  async load(mip) {
    let instance: Instance | undefined = await openInstance(mip);
    const drop = () => {
      disposeQuietly(instance?.model);
      instance = undefined;
    };
    const model: MipModel = {
      async solve(restriction, given) {
        instance ??= await openInstance(mip);
        const { limits, rethrow } = guardCallbacks(given);
        try {
          return solveRestricted(instance, mip, restriction, limits);
        } catch (trapped) {
          drop();
          return { status: 'failed', message: messageOf(trapped) };
        } finally {
          rethrow();
        }
      },
      dispose: drop,
    };
    return model;
  },
};

/** A model in an instance of the module that is its own. */
interface Instance {
  readonly highs: Highs;
  readonly model: Model;
}

async function openInstance(mip: Minimization): Promise<Instance> {
  const highs = await loadHighs();
  const [numCols, numRows] = [mip.c.length, mip.rowLower.length];
  const model = highs.createModel({
    numCols,
    numRows,
    sense: highs.constants.objectiveSense.minimize,
    offset: mip.offset ?? 0,
    colCost: mip.c,
    colLower: mip.lower,
    colUpper: mip.upper,
    rowLower: mip.rowLower,
    rowUpper: mip.rowUpper,
    matrix: { format: 'csr', numRows, numCols, ...mip.rows },
    integrality: Int32Array.from(mip.integer),
  });
  model.options.set({ output_flag: false });
  return { highs, model };
}

/** Disposing of a model in a poisoned instance throws too. */
function disposeQuietly(model: Model | undefined): void {
  try {
    model?.dispose();
  } catch {
    // its memory goes with the instance
  }
}

/** Callbacks that throw must not end the module: what they throw stops the solve and is thrown afterwards. */
function guardCallbacks(limits: SolveLimits): { limits: SolveLimits; rethrow(): void } {
  let failure: { readonly error: unknown } | undefined;
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      failure ??= { error };
      return undefined;
    }
  };
  const { shouldStop, onIncumbent } = limits;
  return {
    limits: {
      ...limits,
      shouldStop: () => failure !== undefined || (guarded(() => shouldStop?.()) ?? failure !== undefined),
      ...(onIncumbent && { onIncumbent: (x) => guarded(() => onIncumbent(x)) }),
    },
    rethrow() {
      if (failure) throw failure.error;
    },
  };
}

/** Applies, runs, reads, undoes. When the module traps on the way the instance is dropped, so nothing stays half undone. */
function solveRestricted(
  instance: Instance,
  mip: Minimization,
  restriction: Restriction,
  limits: SolveLimits,
): SolveResult {
  const { highs, model } = instance;
  const [n, m] = [mip.c.length, mip.rowLower.length];
  const all = { kind: 'range', from: 0, to: n - 1 } as const;
  const { lower, upper, objective, extraColumnCost, row, relaxed } = restriction;
  const replaced = objective !== undefined || extraColumnCost !== undefined;
  model.clearSolver(); // else the last solution would be a hidden start
  if (lower || upper) model.changeColsBounds(all, lower ?? mip.lower, upper ?? mip.upper);
  if (objective) model.changeColsCost(all, objective);
  if (replaced) model.changeObjectiveOffset(0);
  if (extraColumnCost !== undefined)
    model.addCol(extraColumnCost, 0, highs.infinity, { indices: [], values: [] });
  if (row) model.addRow(-highs.infinity, row.upper, { indices: row.indices, values: row.values });
  if (relaxed) model.clearIntegrality();
  const integers = !relaxed && mip.integer.includes(1);

  setStart(model, restriction, limits.start);
  const result = run(instance, n, integers, limits);

  model.clearSolver();
  if (relaxed) model.changeColsIntegrality(all, Int32Array.from(mip.integer));
  if (row) model.deleteRows({ kind: 'range', from: m, to: m });
  if (extraColumnCost !== undefined) model.deleteCols({ kind: 'range', from: n, to: n });
  if (replaced) model.changeObjectiveOffset(mip.offset ?? 0);
  if (objective) model.changeColsCost(all, mip.c);
  if (lower || upper) model.changeColsBounds(all, mip.lower, mip.upper);
  return result;
}

/** A full start as it is; the extra column gets the smallest value that its row allows; HiGHS completes a partial start. */
function setStart(
  model: Model,
  { row, extraColumnCost }: Restriction,
  start: Float64Array | undefined,
): void {
  if (!start) return;
  const n = start.length;
  const given = Int32Array.from(start.keys()).filter((j) => !Number.isNaN(start[j]!));
  if (given.length < n) {
    if (given.length > 0) {
      model.setSolution({ indices: given, values: Float64Array.from(given, (j) => start[j]!) });
    }
    return;
  }
  if (extraColumnCost === undefined) {
    model.setSolution({ colValue: start });
    return;
  }
  let [activity, slope] = [0, 0];
  for (const [k, j] of row?.indices.entries() ?? []) {
    if (j === n) slope = row!.values[k]!;
    else activity += row!.values[k]! * start[j]!;
  }
  const z = slope < 0 ? Math.max(0, (activity - row!.upper) / -slope) : 0;
  model.setSolution({ colValue: Float64Array.from([...start, z]) });
}

/** HiGHS's own value for no limit. */
const NO_LIMIT = 2_147_483_647;

function run({ highs, model }: Instance, n: number, integers: boolean, limits: SolveLimits): SolveResult {
  const { timeMs, shouldStop, onIncumbent } = limits;
  model.options.set({
    time_limit: timeMs / 1_000,
    mip_rel_gap: limits.gap ?? 1e-4,
    mip_max_nodes: limits.nodes ?? NO_LIMIT,
    mip_max_improving_sols: limits.improvingSolutions ?? NO_LIMIT,
    mip_heuristic_effort: limits.heuristicEffort ?? 0.05,
    random_seed: (limits.seed ?? 0) & NO_LIMIT,
  });
  model.zeroAllClocks(); // time_limit counts all runs of a model otherwise
  // HiGHS looks at its clock less often than it calls back.
  const deadline = performance.now() + timeMs;
  const late = () => performance.now() > deadline || shouldStop?.() === true;
  const { mipInterrupt, simplexInterrupt, ipmInterrupt, mipImprovingSolution } = highs.constants.callbackType;
  const interruptWhenLate = (event: { interrupt(): void }): undefined => {
    if (late()) event.interrupt();
  };
  const callbacks: HighsCallbackMap = {
    [mipInterrupt]: interruptWhenLate,
    [simplexInterrupt]: interruptWhenLate,
    [ipmInterrupt]: interruptWhenLate,
    ...(onIncumbent && {
      [mipImprovingSolution](event: { data: { mip_solution?: Float64Array } }): undefined {
        if (event.data.mip_solution) onIncumbent(event.data.mip_solution.slice(0, n));
      },
    }),
  };
  model.run(callbacks);
  const status = statusOf(highs, model);
  const feasible = model.info.get('primal_solution_status') === highs.constants.solutionStatus.feasible;
  const objective = model.getObjectiveValue();
  const dual = integers ? Number(model.info.get('mip_dual_bound')) : status === 'optimal' ? objective : NaN;
  const bound = Number.isFinite(dual) ? { bound: dual } : {};
  if (!feasible || status === 'unbounded' || status === 'infeasible or unbounded')
    return { status, ...bound };
  return { status, x: model.getSolution().colValue.slice(0, n), objective, ...bound };
}

function statusOf(highs: Highs, model: Model): SolveResult['status'] {
  const { modelStatus } = highs.constants;
  switch (model.getModelStatus()) {
    case modelStatus.optimal:
    case modelStatus.empty:
      return 'optimal';
    case modelStatus.infeasible:
      return 'infeasible';
    case modelStatus.unbounded:
      return 'unbounded';
    case modelStatus.unboundedOrInfeasible:
      return 'infeasible or unbounded';
    case modelStatus.loadError:
    case modelStatus.modelError:
    case modelStatus.presolveError:
    case modelStatus.solveError:
    case modelStatus.postsolveError:
      return 'failed';
    default:
      return 'limit';
  }
}
