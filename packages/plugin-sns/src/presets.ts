import { z } from 'zod';
import type { DensityRule, NewtonOptions } from './newton-stage.js';
import type { Transport } from './transport.js';
import type { WarmUp } from './warm-up.js';

/** An option whose default is the preset's value. */
function presetOr<S extends z.ZodType>(schema: S) {
  return z.union([z.literal('preset'), schema]).default('preset');
}

/** The options of Sinkhorn-Newton-Sparse. */
export const snsOptions = z.strictObject({
  preset: z
    .enum(['robust', 'paper'])
    .default('robust')
    .describe(
      "What 'preset' stands for in the other options: this package's rules, or the paper's constants.",
    ),
  tolerance: presetOr(z.number().positive()).describe(
    'L1 marginal error, relative to the total mass. Robust 1e-9, paper 1e-12.',
  ),
  maxSinkhorn: presetOr(z.union([z.literal('auto'), z.int().min(0)])).describe(
    'Sinkhorn sweeps before Newton (N1); auto leaves when Newton can take over. Robust auto, paper 20 (700 suits L1 costs).',
  ),
  maxNewton: z.int().min(0).default(100).describe('Most Newton steps in the last stage (N2).'),
  annealing: presetOr(z.enum(['on', 'off'])).describe(
    'Solve loosely for eta/32, ..., eta/2 first. Robust on, paper off; off where initial potentials are given.',
  ),
  density: presetOr(z.enum(['mass', 'count'])).describe(
    'Keep the largest entries of P until little mass is dropped, or a fixed number of them. Robust mass, paper count.',
  ),
  theta: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Rule mass: dropped mass as a share of the marginal error.'),
  lambda: presetOr(z.number().positive().max(1)).describe(
    'Rule count: share of entries kept. Both presets 2/n (15/n suits L1 costs), n the smaller side.',
  ),
  count: z
    .enum(['plan', 'hessian'])
    .default('hessian')
    .describe('Rule count: share of the n m entries of P, or of the (n+m)^2 entries of the Hessian.'),
  linearSolver: presetOr(z.enum(['auto', 'cholesky', 'cg'])).describe(
    'auto: Cholesky up to 2,000 on the smaller side, then conjugate gradients. Robust auto, paper cg.',
  ),
  cgIterations: presetOr(z.int().min(1)).describe(
    'Most conjugate-gradient iterations a step. Robust 10 (n+m), paper 2,000.',
  ),
  shift: presetOr(z.enum(['auto', 'none'])).describe(
    'Levenberg shift of the diagonals after short steps. Robust auto, paper none.',
  ),
  postSweep: presetOr(z.enum(['after-newton', 'none'])).describe(
    'One sweep after each Newton step. Robust after-newton, paper none.',
  ),
  maxFinishingSweeps: presetOr(z.int().min(0)).describe(
    'Sweeps that finish what Newton could not. Robust 1,000, paper 0.',
  ),
});

type Options = z.output<typeof snsOptions>;

/** What a run does, all options decided. */
export interface SnsSettings {
  readonly annealing: 'on' | 'off';
  readonly warmUp: WarmUp;
  readonly newton: NewtonOptions;
  readonly maxFinishingSweeps: number;
}

/** Above, rule `auto` takes conjugate gradients instead of a Cholesky factor of the Schur complement. */
const AUTO_CHOLESKY = 2_000;
/** Caps of rule `auto`: sweeps of one annealing stage, and sweeps where there is one stage only. */
const ANNEALING_SWEEPS = 20;
const WARM_UP_SWEEPS = 700;

/** The options with the preset's values where they are open. */
export function settingsOf(options: Options, t: Transport): SnsSettings {
  const paper = options.preset === 'paper';
  const choose = <T>(given: T | 'preset', robust: T, papers: T): T =>
    given === 'preset' ? (paper ? papers : robust) : given;
  const [n, m] = [t.c.rows, t.c.cols];
  const annealing = choose(options.annealing, 'on', 'off');
  const sweeps = choose<'auto' | number>(options.maxSinkhorn, 'auto', 20);
  const linearSolver = choose(options.linearSolver, 'auto', 'cg');
  const direct = linearSolver === 'auto' ? Math.min(n, m) <= AUTO_CHOLESKY : linearSolver === 'cholesky';
  return {
    annealing,
    warmUp:
      sweeps === 'auto'
        ? { sweeps: annealing === 'on' ? ANNEALING_SWEEPS : WARM_UP_SWEEPS, rule: 'auto' }
        : { sweeps, rule: 'fixed' },
    newton: {
      tolerance: choose(options.tolerance, 1e-9, 1e-12) * t.mass,
      maxSteps: options.maxNewton,
      density: densityRule(choose(options.density, 'mass', 'count'), options, t),
      linearSolver: direct ? 'cholesky' : 'cg',
      cgTolerance: paper ? () => 1e-8 : (error) => Math.min(0.1, (0.1 * error) / t.mass),
      cgIterations: choose(options.cgIterations, 10 * (n + m), 2_000),
      shift: choose(options.shift, 'auto', 'none'),
      postSweep: choose(options.postSweep, 'after-newton', 'none'),
      lineSearch: paper ? 'noise-tolerant' : 'expanding',
    },
    maxFinishingSweeps: choose(options.maxFinishingSweeps, 1_000, 0),
  };
}

/**
 * The number of entries of P for rule `count`. Of the Hessian's (n+m)^2 entries a share lambda is kept; all n + m diagonal ones are
 * among them, and each entry of P stands there twice.
 */
function densityRule(
  rule: 'mass' | 'count',
  { theta, lambda: given, count }: Options,
  t: Transport,
): DensityRule {
  if (rule === 'mass') return { rule, theta };
  const [n, m] = [t.c.rows, t.c.cols];
  const lambda = given === 'preset' ? Math.min(1, 2 / Math.min(n, m)) : given;
  const kept =
    count === 'plan' ? Math.ceil(lambda * n * m) : Math.floor((Math.ceil(lambda * (n + m) ** 2) - n - m) / 2);
  return { rule, kept: Math.min(n * m, Math.max(1, kept)) };
}
