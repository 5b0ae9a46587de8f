import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  API_VERSION,
  createRegistry,
  definePlugin,
  defineSolver,
  type EspalierError,
  isEspalierError,
  type Plugin,
  parseOptions,
} from '../src/index.js';
import { newton, roots, squareRoot } from './fixtures.js';

const thrownBy = (work: () => unknown): EspalierError => {
  try {
    work();
  } catch (error) {
    if (isEspalierError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

const renamed = (name: string, plugin: Plugin = roots): Plugin => definePlugin({ ...plugin, name });

describe('names', () => {
  it('refuses an unknown name and suggests the nearest', () => {
    const error = thrownBy(() => createRegistry().use(roots).find('newtonroot'));
    expect(error.code).toBe('unknown-algorithm');
    expect(error.message).toContain("Did you mean 'newton-root'?");
  });

  it('lists what is known when nothing is near', () => {
    expect(thrownBy(() => createRegistry().use(roots).find('zzz')).message).toContain('Known: newton-root.');
  });

  it('says that nothing is loaded', () => {
    expect(thrownBy(() => createRegistry().find('zzz')).message).toContain('No plugin is loaded');
  });

  it('refuses a second plugin with an algorithm of the same name, and names both', () => {
    const error = thrownBy(() => createRegistry().use(roots).use(renamed('plugin-others')));
    expect(error.code).toBe('duplicate-name');
    expect(error.message).toContain(
      "plugin-others brings 'newton-root', a name that plugin-roots already has",
    );
  });

  it('refuses a name twice within one plugin', () => {
    const twice = definePlugin({ name: 'twice', algorithms: [newton, newton] });
    expect(thrownBy(() => createRegistry().use(twice)).code).toBe('duplicate-name');
  });

  it('refuses two different plugins of one name, and takes the same plugin twice', () => {
    expect(thrownBy(() => createRegistry().use(roots).use(renamed('plugin-roots'))).code).toBe(
      'duplicate-name',
    );
    expect(createRegistry().use(roots).use(roots).plugins()).toHaveLength(1);
  });

  it('leaves the registry as it was after a refusal', () => {
    const registry = createRegistry().use(roots);
    thrownBy(() => registry.use(renamed('plugin-others')));
    expect(registry.plugins()).toEqual([roots]);
  });
});

describe('options', () => {
  const schema = z.strictObject({
    rate: z.number().positive().default(1),
    mode: z.enum(['fast', 'exact']).default('fast'),
    inner: z.strictObject({ depth: z.int().min(0).max(5).default(1) }).prefault({}),
    levels: z.array(z.number()).default([]),
  });
  const message = (given: unknown) => thrownBy(() => parseOptions(schema, given, "algorithm 'x'")).message;

  it.each([
    [{ rate: -1 }, "'rate'", 'given: -1', 'number > 0'],
    [{ rate: Number.NaN }, "'rate'", 'given: NaN', 'number > 0'],
    [{ mode: 'slow' }, "'mode'", 'given: "slow"', 'one of "fast", "exact"'],
    [{ inner: { depth: 9 } }, "'inner.depth'", 'given: 9', 'integer >= 0 and <= 5'],
    [{ levels: [1, 'two'] }, "'levels.1'", 'given: "two"', 'allowed: number'],
    [{ rat: 1 }, 'the options', 'given: {"rat":1}', "did you mean 'rate'"],
    ['text', 'the options', 'given: "text"', 'rate, mode, inner, levels'],
  ])('refuses %j with path, value and what is allowed', (given, path, value, allowed) => {
    expect(message(given)).toContain(path);
    expect(message(given)).toContain(value);
    expect(message(given)).toContain(allowed);
  });

  it('reports every issue at once', () => {
    expect(message({ rate: -1, mode: 'slow' })).toMatch(/'rate'.*'mode'/);
  });

  it('refuses a schema that validates asynchronously', () => {
    const slow = z.strictObject({
      x: z
        .number()
        .refine(async () => true)
        .default(1),
    });
    expect(thrownBy(() => parseOptions(slow, { x: 1 }, 'x')).message).toContain('asynchronously');
  });

  it('fills in defaults', () => {
    expect(parseOptions(schema, undefined, 'x')).toEqual({
      rate: 1,
      mode: 'fast',
      inner: { depth: 1 },
      levels: [],
    });
  });
});

describe('compatibility', () => {
  const madeFor = (apiVersion: number): Plugin => ({ ...renamed('plugin-old'), apiVersion });

  it('refuses a plugin of another interface version with what to install', () => {
    const newer = thrownBy(() => createRegistry().use(madeFor(API_VERSION + 1)));
    expect(newer.code).toBe('incompatible-plugin');
    expect(newer.message).toContain('npm install @espalier/core@latest');
    const older = thrownBy(() => createRegistry().use(madeFor(API_VERSION - 1)));
    expect(older.message).toContain('npm install plugin-old@latest');
  });
});

describe('loading', () => {
  it('names a plugin that throws while loading, and still loads the others', async () => {
    const broken = () => Promise.reject(new Error('no such device'));
    const registry = createRegistry()
      .use(broken as () => Promise<{ default: typeof roots }>)
      .use(async () => ({ default: roots }));
    await registry.load();
    expect(registry.plugins()).toEqual([roots]);
    expect(registry.failures()).toHaveLength(1);
    expect(registry.failures()[0]?.error.message).toContain('no such device');
    expect(thrownBy(() => registry.find('missing')).message).toContain('no such device');
  });

  it('refuses a module that exports no plugin', async () => {
    const registry = createRegistry().use((async () => ({ default: {} })) as never);
    await registry.load();
    expect(registry.failures()[0]?.error.message).toContain('exports no plugin by default');
  });

  it('knows the names of a lazy plugin at compile time, and creates after loading', async () => {
    const registry = createRegistry().use(async () => ({ default: roots }));
    expect(thrownBy(() => registry.create('newton-root')).message).toContain('await registry.load()');
    const solver = await registry.resolve('newton-root', { steps: 9 });
    expect((await solver.solve({ of: 9 })).root).toBeCloseTo(3, 10);
  });
});

describe('services', () => {
  const asking = defineSolver({
    name: 'asking',
    summary: 'Returns the time of the injected clock.',
    solves: squareRoot,
    options: z.strictObject({}),
    create: (_options, { clock, random }) => ({
      solve: async (_problem, run) => ({ root: clock.now() + random(run?.seed).integer(1) }),
    }),
  });
  const plugin = definePlugin({ name: 'asking', algorithms: [asking] });

  it('injects what the registry provides, and can be rebound', async () => {
    const registry = createRegistry({ clock: { now: () => 1 } }).use(plugin);
    expect((await registry.create('asking').solve({ of: 1 })).root).toBe(1);
    registry.provide('clock', { now: () => 2 });
    expect((await registry.create('asking').solve({ of: 1 })).root).toBe(2);
    expect(registry.services().runtime).toBeUndefined();
  });

  it('can be given to an algorithm without a registry', async () => {
    const alone = asking.create({}, { clock: { now: () => 7 } });
    expect((await alone.solve({ of: 1 })).root).toBe(7);
  });
});
