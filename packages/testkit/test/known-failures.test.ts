import { describe, expect, it } from 'vitest';
import { type Check, declareChecks, runConformance, withKnownFailures } from '../src/index.js';
import { failing } from './failing.js';

const passes: Check = { name: 'passes', run: async () => undefined };
const fails: Check = { name: 'fails', run: () => Promise.reject(new Error('no')) };

describe('withKnownFailures', () => {
  it('changes nothing where nothing is declared', () => {
    expect([...withKnownFailures([passes, fails])]).toEqual([passes, fails]);
  });

  it('lets a declared failure pass under a name that says so', async () => {
    const checks = [...withKnownFailures([passes, fails], { fails: 'float32' })];
    expect(checks.map(({ name }) => name)).toEqual(['passes', 'fails (known failure: float32)']);
    expect(await failing(checks)).toEqual([]);
  });

  it('fails when a declared failure has been mended', async () => {
    const checks = withKnownFailures([passes], { passes: 'was broken' });
    expect(await failing(checks)).toEqual(['passes (known failure: was broken)']);
  });

  it('fails on an entry without a reason', async () => {
    expect(await failing(withKnownFailures([fails], { fails: ' ' }))).toEqual(['fails (known failure:  )']);
  });

  it('refuses two checks of one name', () => {
    expect(() => [...withKnownFailures([passes, passes])]).toThrow("'passes'");
  });

  it('does not take an inherited name for an entry', async () => {
    expect([...withKnownFailures([{ ...passes, name: 'toString' }])]).toMatchObject([{ name: 'toString' }]);
  });

  it('fails on a name that is no check', async () => {
    expect(await failing(withKnownFailures([passes], { parses: 'misspelt' }))).toEqual([
      "known failure 'parses'",
    ]);
  });
});

describe('declareChecks', () => {
  it('hands every check to the test runner', () => {
    const declared: [string, () => Promise<void>][] = [];
    declareChecks([passes, fails], { test: (name, run) => declared.push([name, run]) });
    expect(declared).toEqual([
      ['passes', passes.run],
      ['fails', fails.run],
    ]);
  });
});

describe('runConformance', () => {
  it('reports what passed, what failed and what is known to fail, with the reasons', async () => {
    const slow: Check = { name: 'slow', run: () => Promise.reject(new Error('too slow')) };
    expect(await runConformance(withKnownFailures([passes, fails, slow], { fails: 'float32' }))).toEqual({
      ok: false,
      results: [
        { check: 'passes', outcome: 'passed' },
        { check: 'fails (known failure: float32)', outcome: 'known failure', reason: 'float32' },
        { check: 'slow', outcome: 'failed', reason: 'too slow' },
      ],
    });
  });

  it('is ok when all failures are known', async () => {
    expect((await runConformance(withKnownFailures([fails], { fails: 'float32' }))).ok).toBe(true);
  });
});
