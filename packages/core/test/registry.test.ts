import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { createRegistry, describeAllowed, optionsJsonSchema, type Solver } from '../src/index.js';
import { negation, roots } from './fixtures.js';

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
    const solution = registry.create('newton-root').solve({ of: 2 });
    // @ts-expect-error not the solution
    void solution.then(({ answer }) => answer);
  });

  it('infers the options from the schema and the union over plugins', () => {
    const both = createRegistry().use(roots).use(negation);
    expectTypeOf(both.create<'newton-root'>)
      .parameter(1)
      .toEqualTypeOf<{ steps?: number | undefined; start?: 'one' | 'half' | undefined } | undefined>();
    expectTypeOf(both.create('negate')).toEqualTypeOf<Solver<number, string>>();
    expectTypeOf<Parameters<typeof both.create>[0]>().toEqualTypeOf<'newton-root' | 'negate'>();
  });

  it('describes nested and alternative options in words', () => {
    const shape = z.discriminatedUnion('policy', [
      z.strictObject({ policy: z.literal('greedy'), rate: z.number() }),
      z.strictObject({ policy: z.literal('random') }),
    ]);
    const schema = z.strictObject({ shape, box: z.strictObject({ low: z.number(), high: z.number() }) });
    const { properties } = optionsJsonSchema(schema)!;
    expect(describeAllowed(properties!.shape!)).toBe('{ policy: "greedy", ... } or { policy: "random" }');
    expect(describeAllowed(properties!.box!)).toBe('{ low, high }');
  });

  it('lists and describes', () => {
    expect(registry.list().map(({ algorithm, plugin }) => [algorithm.name, plugin.name])).toEqual([
      ['newton-root', 'plugin-roots'],
    ]);
    expect(registry.describe('newton-root')).toEqual({
      name: 'newton-root',
      plugin: 'plugin-roots',
      kind: 'solver',
      summary: "Newton's iteration.",
      solves: 'square-root',
      options: [
        { name: 'steps', summary: 'Number of iterations.', allowed: 'integer >= 1 and <= 100', default: 20 },
        { name: 'start', summary: 'Starting point.', allowed: 'one of "one", "half"', default: 'one' },
      ],
      examples: ['short'],
    });
  });
});
