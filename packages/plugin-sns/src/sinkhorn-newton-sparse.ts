import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { evaluateDual } from './dual-potential.js';
import { logSweepInPlace } from './log-sweep.js';
import { type Monitor, startMonitor } from './monitor.js';
import { type DensityRule, type NewtonOptions, newtonStage } from './newton-stage.js';
import { optimalTransport } from './optimal-transport.js';
import { scaleInPlace } from './sinkhorn-stabilized.js';
import { assembleSolution } from './solution.js';
import { createHistogram } from './sparsify.js';
import { prepareTransport, type Transport } from './transport.js';

/** All have defaults; those without one here take the preset's. */
const optionsSchema = z.strictObject({
  preset: z
    .enum(['robust', 'paper'])
    .default('robust')
    .describe('Where the defaults of the other options come from.'),
  tolerance: z
    .number()
    .positive()
    .optional()
    .describe('L1 marginal error, relative to the total mass; 1e-9, paper 1e-12.'),
  warmUpSweeps: z
    .union([z.literal('auto'), z.int().min(0)])
    .optional()
    .describe('Sinkhorn sweeps before Newton (N1); auto, paper 20 (700 suits L1 costs).'),
  maxNewton: z.int().min(0).default(100).describe('Most Newton steps in the last stage (N2).'),
  annealing: z.enum(['on', 'off']).optional().describe('Solve for eta/32, ..., eta/2 first; on, paper off.'),
  density: z
    .enum(['mass', 'count'])
    .optional()
    .describe('Keep entries until a small mass is dropped, or a fixed number; mass, paper count.'),
  theta: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Rule mass: dropped mass as a share of the gradient.'),
  lambda: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Rule count: share of entries kept; 2/n (15/n suits L1 costs).'),
  count: z
    .enum(['plan', 'hessian'])
    .default('hessian')
    .describe('Rule count: share of the n m entries of P, or of the (n+m)^2 entries of the Hessian.'),
  linearSolver: z
    .enum(['auto', 'cholesky', 'cg'])
    .optional()
    .describe('auto: Cholesky up to 2,000 on the smaller side, then conjugate gradients; paper cg.'),
  cgIterations: z
    .int()
    .min(1)
    .optional()
    .describe('Most conjugate-gradient iterations; 10 (n+m), paper 2,000.'),
  shift: z.enum(['auto', 'none']).optional().describe('Levenberg shift after short steps; auto, paper none.'),
  postSweep: z
    .enum(['after-newton', 'none'])
    .optional()
    .describe('One sweep after each Newton step; after-newton, paper none.'),
  maxFinishingSweeps: z
    .int()
    .min(0)
    .optional()
    .describe('Sweeps that finish what Newton could not; 1,000, paper 0.'),
});

type Options = z.output<typeof optionsSchema>;

/**
 * Sinkhorn-Newton-Sparse (Tang et al., ICLR 2024): a few Sinkhorn sweeps, then Newton steps on the dual whose Hessian is sparsified;
 * tens of iterations to machine precision where Sinkhorn alone needs thousands.
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
  options: optionsSchema,
  examples: {
    default: {},
    paper: { preset: 'paper', tolerance: 1e-9 },
    'conjugate-gradients': { linearSolver: 'cg' },
  },
  create: (options, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const settings = resolve(options, t);
      let [x, y] = [t.x0.slice(), t.y0.slice()];
      if (settings.annealing === 'on' && !problem.initial) {
        for (const factor of [32, 16, 8, 4, 2]) {
          const stage: Transport = { ...t, eta: t.eta / factor };
          const loose = {
            ...settings.newton,
            tolerance: Math.max(settings.newton.tolerance, 1e-2 * t.mass),
            maxSteps: 15,
          };
          await warmUpInPlace(stage, x, y, settings.warmUp, loose.tolerance, monitor);
          const { point } = await newtonStage(stage, x, y, loose, monitor);
          [x, y] = [point.x.slice(), point.y.slice()];
        }
      }
      await warmUpInPlace(t, x, y, settings.warmUp, settings.newton.tolerance, monitor);
      const stage = await newtonStage(t, x, y, settings.newton, monitor);
      let reason: string = stage.reason;
      [x, y] = [stage.point.x.slice(), stage.point.y.slice()];
      if (
        settings.maxFinishingSweeps > 0 &&
        (reason === 'iteration limit' || reason === 'line search failed')
      ) {
        const relative = settings.newton.tolerance / t.mass;
        const limits = { tolerance: relative, maxSweeps: settings.maxFinishingSweeps };
        const end = await scaleInPlace(t, x, y, limits, monitor);
        reason = end === 'iteration limit' ? `${reason}, then not finished by sweeps` : end;
      }
      return assembleSolution(problem, t, x, y, monitor, { converged: reason === 'converged', reason });
    },
  }),
});

/** The options with the preset's values where they are open. */
interface Settings {
  readonly annealing: 'on' | 'off';
  readonly warmUp: WarmUp;
  readonly newton: NewtonOptions;
  readonly maxFinishingSweeps: number;
}

/** At most `sweeps`; `auto` leaves earlier when Newton can take over. */
interface WarmUp {
  readonly sweeps: number;
  readonly rule: 'auto' | 'fixed';
}

function resolve(options: Options, t: Transport): Settings {
  const paper = options.preset === 'paper';
  const [n, m] = [t.c.rows, t.c.cols];
  const annealing = options.annealing ?? (paper ? 'off' : 'on');
  const warmUpSweeps = options.warmUpSweeps ?? (paper ? 20 : 'auto');
  const linearSolver = options.linearSolver ?? (paper ? 'cg' : 'auto');
  return {
    annealing,
    warmUp:
      warmUpSweeps === 'auto'
        ? { sweeps: annealing === 'on' ? 20 : 700, rule: 'auto' }
        : { sweeps: warmUpSweeps, rule: 'fixed' },
    newton: {
      tolerance: (options.tolerance ?? (paper ? 1e-12 : 1e-9)) * t.mass,
      maxSteps: options.maxNewton,
      density: densityRule(options, t, paper),
      linearSolver: linearSolver === 'auto' ? (Math.min(n, m) <= 2_000 ? 'cholesky' : 'cg') : linearSolver,
      cgTolerance: paper ? () => 1e-8 : (error) => Math.min(0.1, (0.1 * error) / t.mass),
      cgIterations: options.cgIterations ?? (paper ? 2_000 : 10 * (n + m)),
      shift: options.shift ?? (paper ? 'none' : 'auto'),
      postSweep: options.postSweep ?? (paper ? 'none' : 'after-newton'),
      acceptance: paper ? 'value' : 'gradient',
    },
    maxFinishingSweeps: options.maxFinishingSweeps ?? (paper ? 0 : 1_000),
  };
}

/**
 * The number of entries of P for rule `count`. Of the Hessian's (n+m)^2 entries a share lambda is kept; all n + m diagonal ones are
 * among them, and each entry of P stands there twice.
 */
function densityRule(
  options: Pick<Options, 'density' | 'theta' | 'lambda' | 'count'>,
  t: Transport,
  paper: boolean,
): DensityRule {
  if ((options.density ?? (paper ? 'count' : 'mass')) === 'mass')
    return { rule: 'mass', theta: options.theta };
  const [n, m] = [t.c.rows, t.c.cols];
  const lambda = options.lambda ?? Math.min(1, 2 / Math.min(n, m));
  const kept =
    options.count === 'plan'
      ? Math.ceil(lambda * n * m)
      : Math.floor((Math.ceil(lambda * (n + m) ** 2) - n - m) / 2);
  return { rule: 'count', kept: Math.min(n * m, Math.max(1, kept)) };
}

/** Sweeps between two looks at how sparse P has become. */
const LOOK_EVERY = 3;
/** Newton takes over when the 4 largest entries a row leave out less than this share. */
const SPARSE_ENOUGH = 0.2;

/**
 * Stage 1: Sinkhorn sweeps in the log domain until `tolerance` or the cap. Rule `auto` leaves when the mass outside the largest 4
 * entries a row falls below 0.2, or when five sweeps gained less than 10 %.
 */
async function warmUpInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  { sweeps, rule }: WarmUp,
  tolerance: number,
  monitor: Monitor,
): Promise<void> {
  const errors: number[] = [];
  const histogram = createHistogram();
  for (let sweep = 0; sweep < sweeps && !monitor.expired(); sweep++) {
    const { rowError, value } = logSweepInPlace(t, x, y);
    monitor.step('sweep', rowError, value);
    errors.push(rowError);
    if (sweep > 0 && rowError <= tolerance) return; // the sweep just done made it smaller still
    if (rule === 'fixed') continue;
    const five = errors.at(-6);
    if (five !== undefined && rowError > 0.9 * five) return;
    if (sweep % LOOK_EVERY === LOOK_EVERY - 1) {
      const { rowSums } = evaluateDual(t, x, y, histogram);
      const total = rowSums.reduce((s, v) => s + v, 0);
      if (massOutsideLargest(histogram, 4 * Math.max(t.c.rows, t.c.cols)) < SPARSE_ENOUGH * total) return;
    }
    await monitor.breathe();
  }
}

/** Mass of P outside its `count` largest entries, to a binary order of magnitude. */
function massOutsideLargest({ counts, masses }: ReturnType<typeof createHistogram>, count: number): number {
  let bin = counts.length;
  for (let kept = 0; bin > 0 && kept < count; ) kept += counts[--bin]!;
  let outside = 0;
  for (let e = 0; e < bin; e++) outside += masses[e]!;
  return outside;
}
