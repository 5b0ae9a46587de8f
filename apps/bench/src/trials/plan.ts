import type { DataFiles, JsonObject } from '@espalier/core';
import { deriveSeed, type Registry } from '@espalier/core';
import { type InstalledScenario, packageVersion } from '../installed.js';
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
  readonly runtime: string;
  /** Only these algorithms; default all. */
  readonly algorithms?: readonly string[];
  /** Replaces the time limits of the instances. */
  readonly timeLimitMs?: number;
}

/** All trials: scenarios x instances x algorithms x repetitions, in this order. */
export async function planTrials(request: PlanRequest): Promise<TrialSpec[]> {
  const { registry, folders, data, suite, seed, repetitions, runtime, timeLimitMs } = request;
  const versions = new Map<string, string>();
  for (const { name } of registry.plugins()) versions.set(name, await packageVersion(name, folders));
  const trials: TrialSpec[] = [];
  for (const { scenario } of request.scenarios) {
    const entries = registry
      .list()
      .filter(({ algorithm }) => request.algorithms?.includes(algorithm.name) ?? true)
      .filter(({ algorithm }) => scenario.takes(algorithm));
    for (const listed of await scenario.instances({ suite, data })) {
      const instance = timeLimitMs === undefined ? listed : { ...listed, timeLimitMs };
      for (const { algorithm, plugin } of entries) {
        const options =
          scenario.options?.(algorithm, instance) ?? Object.values(algorithm.examples ?? {})[0] ?? {};
        for (let repetition = 0; repetition < repetitions; repetition++) {
          trials.push({
            scenario: scenario.name,
            instance,
            algorithm: algorithm.name,
            plugin: { name: plugin.name, version: versions.get(plugin.name)! },
            options: options as JsonObject,
            seed: deriveSeed(seed, scenario.name, instance.name, algorithm.name, repetition),
            repetition,
            runtime,
            suite,
          });
        }
      }
    }
  }
  return trials;
}
