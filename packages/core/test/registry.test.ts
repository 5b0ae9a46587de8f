import { describe, expect, expectTypeOf, it } from 'vitest';
import { createRegistry, type Solver } from '../src/index.js';
import { roots } from './fixtures.js';

describe('a registry with one plugin', () => {
  const registry = createRegistry().use(roots);

  it('creates by name, typed', async () => {
    const solver = registry.create('newton-root', { steps: 30 });
    expectTypeOf(solver).toEqualTypeOf<Solver<{ readonly of: number }, { readonly root: number }>>();
    expect((await solver.solve({ of: 2 })).root).toBeCloseTo(Math.SQRT2, 12);
  });

  it('does not compile a wrong name, option, problem or solution', () => {
    // @ts-expect-error no such name
    expect(() => registry.create('newton-rot')).toThrow("Did you mean 'newton-root'?");
    // @ts-expect-error no such option
    expect(() => registry.create('newton-root', { step: 3 })).toThrow("did you mean 'steps'?");
    // @ts-expect-error not a number
    expect(() => registry.create('newton-root', { steps: 'many' })).toThrow('given: "many"');
    expect(() => registry.create('newton-root', { steps: 1000 })).toThrow(
      'given: 1000, allowed: integer >= 1 and <= 100',
    );
    // @ts-expect-error not the problem
    void registry.create('newton-root').solve({ off: 2 });
    // @ts-expect-error not the solution
    void registry
      .create('newton-root')
      .solve({ of: 2 })
      .then(({ answer }) => answer);
  });
});
