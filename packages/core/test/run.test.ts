import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  type AnyAlgorithm,
  createRandom,
  defineSolver,
  defineSolverScenario,
  type JsonObject,
  noDataFiles,
  optionSets,
  type SolverScenarioSpec,
  startRun,
} from '../src/index.js';
import { negation, newton, squareRoot } from './fixtures.js';

describe('startRun', () => {
  it('counts time with the given clock', () => {
    let now = 100;
    const state = startRun({ timeLimitMs: 50 }, { now: () => now });
    now = 130;
    expect([state.elapsedMs(), state.remainingMs(), state.expired()]).toEqual([30, 20, false]);
    now = 150;
    expect(state.expired()).toBe(true);
  });

  it('has no limit by default', () => {
    expect(startRun().remainingMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('throws at the start and later when the signal fires, with the partial result', () => {
    const abort = new AbortController();
    const state = startRun({ signal: abort.signal });
    state.throwIfAborted();
    abort.abort();
    expect(() => state.throwIfAborted('half')).toThrow(AbortedError);
    try {
      state.throwIfAborted('half');
    } catch (error) {
      expect((error as AbortedError).partial).toBe('half');
    }
    expect(() => startRun({ signal: abort.signal })).toThrow(AbortedError);
  });

  it('lets a timer in when a loop awaits its turns', async () => {
    const state = startRun({ signal: AbortSignal.timeout(60) });
    const loop = async () => {
      // A signal that never fires would end it by the time.
      while (state.elapsedMs() < 5000) await state.turn(() => 'half');
    };
    await expect(loop()).rejects.toMatchObject({ code: new AbortedError('').code, partial: 'half' });
  });

  it('refuses a time limit that is none', () => {
    for (const timeLimitMs of [0, -1, Number.NaN])
      expect(() => startRun({ timeLimitMs })).toThrow(`given ${timeLimitMs}`);
  });
});

describe('defineSolverScenario', () => {
  const spec = {
    name: 'roots',
    summary: 'Square roots.',
    family: squareRoot,
    score: { name: 'error', direction: 'minimize' },
    instances: async () => [{ name: 'two', source: 'generated', parameters: { of: 2 }, timeLimitMs: 100 }],
    load: async ({ parameters }) => ({ problem: { of: Number(parameters.of) } }),
    evaluate: ({ problem }, { root }) => ({
      score: Math.abs(root * root - problem.of),
      metrics: { root },
      stopped: 'converged',
    }),
  } satisfies SolverScenarioSpec<
    { readonly of: number },
    { readonly root: number },
    { readonly problem: { readonly of: number } }
  >;
  const scenario = defineSolverScenario(spec);
  const context = { suite: 'quick' as const, data: noDataFiles };

  it('takes every solver of the family, and no other algorithm', () => {
    expect(scenario.takes(newton)).toBe(true);
    expect(negation.algorithms.some((algorithm) => scenario.takes(algorithm))).toBe(false);
  });

  it('shows the reason of an algorithm that does not accept the task', async () => {
    const [instance] = await scenario.instances(context);
    const task = await scenario.load(instance!, context);
    expect(scenario.accepts(newton, task)).toBe(true);
    const negative = { problem: { of: -1 }, instance: instance! };
    expect(scenario.accepts(newton, negative)).toBe('needs a non-negative number');
  });

  it('asks with the options of the trial, parsed', async () => {
    const patient = defineSolver({
      ...newton,
      name: 'patient',
      accepts: (_problem, { steps, start }) =>
        (steps >= 10 && start === 'one') || `${steps} steps are too few`,
    });
    const [instance] = await scenario.instances(context);
    const task = await scenario.load(instance!, context);
    expect(scenario.accepts(patient, task)).toBe(true);
    expect(scenario.accepts(patient, task, { steps: 3 })).toBe('3 steps are too few');
    expect(() => scenario.accepts(patient, task, { steps: 0 })).toThrow('steps');
  });

  it('runs with its own options, one set or several, else with the first example', () => {
    const [instance] = [{ name: 'two', source: 'generated' as const, parameters: {}, timeLimitMs: 100 }];
    const sets = (options?: () => JsonObject | readonly JsonObject[]) =>
      optionSets(options ? { options } : {}, newton as AnyAlgorithm, instance);
    expect(sets()).toEqual([{ steps: 3 }]);
    expect(sets(() => ({ steps: 5 }))).toEqual([{ steps: 5 }]);
    expect(sets(() => [{ steps: 5 }, {}])).toEqual([{ steps: 5 }, {}]);
    const { examples: _none, ...plain } = newton;
    expect(optionSets({}, plain as AnyAlgorithm, instance)).toEqual([{}]);
  });

  it('gives a run without any score on its way one point, at the end', async () => {
    const silent = defineSolverScenario({ ...spec, curve: () => undefined });
    const [instance] = await silent.instances(context);
    const points: [number, number][] = [];
    const outcome = await silent.run(newton, { steps: 6 }, await silent.load(instance!, context), {
      run: {},
      services: {},
      point: (score, iteration) => points.push([iteration, score]),
      untimed: (work) => work(),
    });
    expect(points).toEqual([[5, outcome.score]]);
  });

  it('runs, records the curve from progress, and scores outside the timed part', async () => {
    const [instance] = await scenario.instances(context);
    const task = await scenario.load(instance!, context);
    const points: [number, number][] = [];
    let untimed = 0;
    const outcome = await scenario.run(newton, { steps: 6 }, task, {
      run: {},
      services: { random: createRandom },
      point: (score, iteration) => points.push([iteration, score]),
      untimed: (work) => {
        untimed++;
        return work();
      },
    });
    expect(points).toHaveLength(6);
    expect(outcome.score).toBeLessThan(1e-12);
    expect(untimed).toBe(1);
  });
});

describe('noDataFiles', () => {
  it('has nothing and says how to name a folder', async () => {
    expect(await noDataFiles.has('ot')).toBe(false);
    expect(await noDataFiles.list('ot')).toEqual([]);
    await expect(noDataFiles.read('ot/x.json')).rejects.toThrow('--data DIR');
  });
});
