import { defineSolver } from '@espalier/core';
import { logSweepInPlace } from './log-sweep.js';
import { type Monitor, startMonitor } from './monitor.js';
import { createNewtonMemory, type NewtonMemory } from './newton-memory.js';
import { newtonStage } from './newton-stage.js';
import { optimalTransport } from './optimal-transport.js';
import { type SnsSettings, settingsOf, snsOptions } from './presets.js';
import { scaleInPlace } from './scaling.js';
import { assembleSolution } from './solution.js';
import { prepareTransport, type Transport } from './transport.js';
import { sweepsSuffice, warmUpInPlace } from './warm-up.js';

/**
 * Sinkhorn-Newton-Sparse (Tang et al., ICLR 2024): a few Sinkhorn sweeps, then Newton steps on the dual whose Hessian is sparsified;
 * tens of iterations to machine precision where Sinkhorn alone needs thousands. At strong regularisation the sweeps are enough, and
 * it stays with them.
 *
 * Preset `paper` is the paper's algorithm with its constants. Preset `robust` anneals the regularisation, lets the kept share of
 * P grow as the gradient shrinks, solves small systems directly, and survives where fixed constants fail.
 */
export const sinkhornNewtonSparse = defineSolver({
  name: 'sinkhorn-newton-sparse',
  summary: 'Entropic optimal transport by matrix scaling, then sparse Newton steps.',
  solves: optimalTransport,
  paper: {
    title: 'Accelerating Sinkhorn Algorithm with Sparse Newton Iterations',
    authors: 'X. Tang, M. Shavlovsky, H. Rahmanian, E. Tardini, K. K. Thekumparampil, T. Xiao, L. Ying',
    arxiv: '2401.12253',
    year: 2024,
  },
  options: snsOptions,
  examples: {
    default: {},
    paper: { preset: 'paper', tolerance: 1e-9 },
    'conjugate-gradients': { linearSolver: 'cg' },
  },
  create: (options, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const settings = settingsOf(options, t);
      const [x, y] = [t.x0.slice(), t.y0.slice()];
      const memory = createNewtonMemory(t);
      if (!(await approachInPlace(t, x, y, problem.initial ? 'warm' : 'cold', settings, memory, monitor)))
        await warmUpInPlace(t, x, y, settings.warmUp, settings.newton.tolerance, monitor);
      const { point, reason } = await newtonStage(t, x, y, settings.newton, memory, monitor);
      x.set(point.x);
      y.set(point.y);
      const end =
        reason === 'iteration limit' || reason === 'line search failed'
          ? await finishInPlace(t, x, y, reason, settings, monitor)
          : reason;
      return assembleSolution(problem, t, x, y, monitor, end);
    },
  }),
});

/**
 * Robust preset: from a cold start sweeps where they are enough, else annealing.
 * @returns whether sweeps were enough
 */
async function approachInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  start: 'cold' | 'warm',
  settings: SnsSettings,
  memory: NewtonMemory,
  monitor: Monitor,
): Promise<boolean> {
  if (start === 'warm' || settings.annealing === 'off') return false;
  if (settings.warmUp.rule === 'auto') {
    if (await sweepsSuffice(t, x, y, settings.newton.tolerance, monitor)) return true;
    if (monitor.expired()) return false;
    x.set(t.x0);
    y.set(t.y0);
  }
  await annealInPlace(t, x, y, settings, memory, monitor);
  return false;
}

/** Stages of the annealing: eta over these. */
const ANNEALING = [32, 16, 8, 4, 2];
/** They are solved to this share of the mass, with at most so many Newton steps. */
const ANNEALING_TOLERANCE = 1e-2;
const ANNEALING_STEPS = 15;

/** Solves at stronger regularisation first, loosely, the potentials carried over (robust preset). */
async function annealInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  { warmUp, newton }: SnsSettings,
  memory: NewtonMemory,
  monitor: Monitor,
): Promise<void> {
  const tolerance = Math.max(newton.tolerance, ANNEALING_TOLERANCE * t.mass);
  const loose = { ...newton, tolerance, maxSteps: ANNEALING_STEPS };
  for (const factor of ANNEALING) {
    const stage: Transport = { ...t, eta: t.eta / factor };
    await warmUpInPlace(stage, x, y, warmUp, tolerance, monitor);
    const { point } = await newtonStage(stage, x, y, loose, memory, monitor);
    x.set(point.x);
    y.set(point.y);
    if (!monitor.expired()) continue;
    logSweepInPlace(t, x, y); // no time for the other stages: potentials of another eta may not be handed out
    return;
  }
}

/** Sinkhorn for what Newton left; why the run ended. */
async function finishInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  reason: string,
  { maxFinishingSweeps: maxSweeps, newton }: SnsSettings,
  monitor: Monitor,
): Promise<string> {
  if (maxSweeps === 0) return reason;
  const tolerance = newton.tolerance / t.mass;
  const end = await scaleInPlace(t, x, y, { tolerance, maxSweeps }, monitor);
  return end === 'iteration limit' ? `${reason}, then not finished by sweeps` : end;
}
