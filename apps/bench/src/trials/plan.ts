import {
  type DataFiles,
  deriveSeed,
  messageOf,
  optionSets,
  type Plugin,
  type Registry,
} from '@espalier/core';
import { type Failure, type InstalledScenario, usesTensors } from '../installed.js';
import { packageVersion } from '../package-version.js';
import type { TrialSpec } from '../results/results-file.js';

/** What to measure. */
export interface PlanRequest {
  readonly registry: Registry;
  readonly folders: readonly string[];
  readonly scenarios: readonly InstalledScenario[];
  readonly data: DataFiles;
  readonly suite: 'quick' | 'full';
  readonly seed: number;
  readonly repetitions: number;
  /** For the kinds that speak tensors. */
  readonly runtime: string;
  /** Only these algorithms; default all. */
  readonly algorithms?: readonly string[];
  /** Replaces the time limits of the instances. */
  readonly timeLimitMs?: number;
}

/** A trial, and what its result depends on beside it: together they make its key in the store. */
export interface PlannedTrial {
  readonly trial: TrialSpec;
  /** Versions of the packages that bring the scenario and the runtime, by name. */
  readonly surroundings: Readonly<Record<string, string>>;
}

/** What to run, and the scenarios that could not say what they consist of. */
export interface Plan {
  readonly trials: readonly PlannedTrial[];
  readonly failures: readonly Failure[];
}

/** Runtime of the kinds that need none. */
const NO_RUNTIME = 'none';

/** All trials: scenarios x instances x algorithms x option sets x repetitions, in this order. */
export async function planTrials(request: PlanRequest): Promise<Plan> {
  const trials: PlannedTrial[] = [];
  const failures: Failure[] = [];
  for (const found of request.scenarios) {
    try {
      trials.push(...(await trialsOf(found, request)));
    } catch (thrown) {
      const reason = `The scenario ${found.scenario.name} cannot list its instances: ${messageOf(thrown)}`;
      failures.push({ plugin: found.plugin.name, reason });
    }
  }
  return { trials, failures };
}

async function trialsOf({ scenario, plugin: owner }: InstalledScenario, request: PlanRequest) {
  const { registry, folders, data, suite, timeLimitMs } = request;
  const instances = await scenario.instances({ suite, data });
  const entries = registry
    .list()
    .filter(({ algorithm }) => request.algorithms?.includes(algorithm.name) ?? true)
    .filter(({ algorithm }) => scenario.takes(algorithm));
  const trials: PlannedTrial[] = [];
  for (const listed of instances) {
    const instance = timeLimitMs === undefined ? listed : { ...listed, timeLimitMs };
    for (const { algorithm, plugin } of entries) {
      const runtime = usesTensors(algorithm) ? request.runtime : NO_RUNTIME;
      const surroundings = await versionsOf([owner, ...bringersOf(runtime, registry)], folders);
      for (const options of optionSets(scenario, algorithm, instance))
        for (let repetition = 0; repetition < request.repetitions; repetition++) {
          const trial: TrialSpec = {
            scenario: scenario.name,
            instance,
            algorithm: algorithm.name,
            plugin: { name: plugin.name, version: await packageVersion(plugin.name, folders) },
            options,
            seed: deriveSeed(request.seed, scenario.name, instance.name, algorithm.name, repetition),
            repetition,
            runtime,
            suite,
          };
          // As the trial's process will get it: without undefined members, say.
          trials.push({ trial: JSON.parse(JSON.stringify(trial)) as TrialSpec, surroundings });
        }
    }
  }
  return trials;
}

/** The plugins that bring a runtime. */
export function bringersOf(runtime: string, registry: Registry): Plugin[] {
  return registry.plugins().filter(({ runtimes = [] }) => runtimes.some(({ name }) => name === runtime));
}

async function versionsOf(plugins: readonly Plugin[], folders: readonly string[]) {
  const versions: Record<string, string> = {};
  for (const { name } of plugins) versions[name] = await packageVersion(name, folders);
  return versions;
}
