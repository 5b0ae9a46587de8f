import { describe, expect, it } from 'vitest';
import { runConformance, solverChecks } from '../src/index.js';
import { declared } from './broken/solver-declarations.js';
import { brokenSolvers } from './broken/solvers.js';
import { failing, names } from './failing.js';
import { newtonRoots, rootOptions, rootsFixture } from './good/square-root.js';

describe('a solver that keeps the rules', () => {
  it('passes every check', async () => {
    expect(await failing(solverChecks(newtonRoots, rootsFixture))).toEqual([]);
  });
});

describe('a broken solver', () => {
  it.each(brokenSolvers)('is caught: $what', async ({ algorithm, fixture, fails, andMore }) => {
    const checks = solverChecks(algorithm, { ...rootsFixture, ...fixture });
    expect(await failing(checks)).toEqual(andMore ? expect.arrayContaining(fails as string[]) : fails);
  });

  it('is there for every rule', () => {
    const { feasible: _anytime, ...exact } = rootsFixture;
    const rules = new Set([
      ...names(solverChecks(newtonRoots, rootsFixture)),
      ...names(solverChecks(newtonRoots, exact)),
    ]);
    const caught = new Set(brokenSolvers.flatMap(({ fails }) => fails));
    // Examples and known failures go by their own names: one broken example each stands for all.
    const kind = (name: string) => name.replace(/example '[^']*'/, 'example');
    expect([...rules].map(kind).filter((rule) => ![...caught].map(kind).includes(rule))).toEqual([]);
  });
});

describe('a fixture that tests nothing', () => {
  it('is refused: no problem', async () => {
    const checks = solverChecks(newtonRoots, { ...rootsFixture, problems: () => [] });
    expect(await failing(checks)).toContain("solves the problems with the example 'default'");
  });

  it('is refused: no problem that the solver accepts', async () => {
    const problems = () => [{ numbers: new Float64Array(100).fill(2) }];
    const { results } = await runConformance(solverChecks(newtonRoots, { ...rootsFixture, problems }));
    expect(results.find(({ outcome }) => outcome === 'failed')?.reason).toMatch(/accepts none/);
  });

  it('is refused: too few progress reports to abort', async () => {
    const algorithm = declared({
      options: rootOptions.extend({ tolerance: rootOptions.shape.tolerance.default(1) }),
    });
    const long = { numbers: Float64Array.of(1) };
    expect(await failing(solverChecks(algorithm, { ...rootsFixture, long }))).toContain(
      'stops soon when the signal fires during the run',
    );
  });
});
