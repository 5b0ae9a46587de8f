import { claimChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  exactAssignment,
  lbfgsDual,
  newtonDense,
  sinkhorn,
  sinkhornNewtonSparse,
  sinkhornStabilized,
} from '../src/index.js';
import { randomProblem, transportFixture } from './fixture.js';

describe.each([sinkhornNewtonSparse, sinkhorn, sinkhornStabilized, newtonDense, lbfgsDual])(
  '$name',
  (solver) => {
    for (const check of solverChecks(solver, transportFixture)) test(check.name, check.run);
  },
);

describe('exact-assignment', () => {
  const uniform = (n: number, seed: number) => {
    const { cost, eta } = randomProblem(n, n, 50, seed);
    return { cost, eta: eta! };
  };
  const { relations: _regularized, verify: _verify, ...fixture } = transportFixture;
  const checks = solverChecks(exactAssignment, {
    ...fixture,
    problems: () => [uniform(4, 1), uniform(9, 2)],
    long: uniform(60, 3),
    verify: (_problem, { marginalError, converged }) => {
      if (!converged || marginalError !== 0) throw new Error('an assignment is exact');
    },
  });
  for (const check of checks) test(check.name, check.run);
});

describe('claims', () => {
  const side = (name: string, iterations: number, seconds: number, error: number, newton = 8) => ({
    [`${name}.sweeps`]: iterations - newton,
    [`${name}.newton`]: newton,
    [`${name}.iterations`]: iterations,
    [`${name}.seconds`]: seconds,
    [`${name}.error`]: error,
    [`${name}.dual`]: 1,
    [`${name}.cost`]: 1,
  });
  const paper = side('paper', 60, 0.4, 1e-9);
  const better = { ...side('sns', 30, 0.1, 1e-12), ...paper, ...side('sinkhorn', 6_000, 1, 1e-9) };
  const worse = { ...side('sns', 30, 0.1, 1e-3), ...paper, ...side('sinkhorn', 20, 0.01, 1e-9) };
  const others = { ...side('lbfgs', 100, 1, 1e-9), ...side('dense', 30, 1, 1e-9) };
  const at = (sns: number, error: number) =>
    Object.assign(
      {},
      ...[10, 100, 1000, 1200].flatMap((eta) => [
        side(`sns@${eta}`, 30, sns, error),
        side(`sinkhorn@${eta}`, eta > 500 ? 5_000 : 9, 1, 1e-9),
        side(`lbfgs@${eta}`, 100, 1, 1e-9),
        side(`dense@${eta}`, 30, 1, 1e-9),
      ]),
    );
  const checks = claimChecks(claims, {
    'assignment-200': { holds: better, fails: worse },
    'assignment-500': { holds: better, fails: worse },
    regularisations: { holds: at(0.1, 1e-12), fails: at(10, 1e-3) },
    'digits-w2': { holds: { ...better, ...others }, fails: { ...worse, ...others } },
    'digits-w1': { holds: { ...better, ...others }, fails: { ...worse, ...others } },
  });
  for (const check of checks) test(check.name, check.run);
});
