import { type Instance, InvalidDataError, type Json, type JsonObject } from '@espalier/core';
import type { ResultsFile, ScenarioDescription, TrialRecord } from '../results/results-file.js';
import { canonicalJson } from './canonical-json.js';

/** One line of a plot, one row of a table: an algorithm, and where it ran with several option sets, one of them. */
export interface Series {
  readonly key: string;
  /** The algorithm's name, with the options that set this series apart where there are several. */
  readonly label: string;
  readonly algorithm: string;
  /** Place in the scenario, which gives colour, dash and marker. */
  readonly index: number;
}

/** All repetitions of one series on one instance. */
export interface Cell {
  readonly series: Series;
  readonly instance: Instance;
  readonly trials: readonly TrialRecord[];
  /** Those with status `ok` and a score. */
  readonly finished: readonly TrialRecord[];
  readonly scores: readonly number[];
  /** Milliseconds of the algorithm alone. */
  readonly times: readonly number[];
}

/** The trials of one scenario in the order in which the report shows them. */
export interface ScenarioResults {
  readonly scenario: ScenarioDescription;
  readonly instances: readonly Instance[];
  readonly series: readonly Series[];
  readonly trials: readonly TrialRecord[];
  readonly cells: readonly Cell[];
  cell(instance: Instance, series: Series): Cell | undefined;
  cellsOf(instance: Instance): readonly Cell[];
}

/** The results by scenario, in the file's order. @throws InvalidDataError when a trial's scenario is not described */
export function groupByScenario(results: ResultsFile): ScenarioResults[] {
  assertScenariosDescribed(results);
  return results.scenarios.map((scenario) => {
    const trials = results.trials.filter(({ trial }) => trial.scenario === scenario.name);
    return groupTrials(scenario, trials);
  });
}

/** @throws InvalidDataError naming a trial whose scenario, and so its score axis, the file does not describe */
export function assertScenariosDescribed({ scenarios, trials }: ResultsFile): void {
  const described = new Set(scenarios.map(({ name }) => name));
  const stray = trials.find(({ trial }) => !described.has(trial.scenario));
  if (!stray) return;
  throw new InvalidDataError(
    `Trial ${stray.key} belongs to scenario "${stray.trial.scenario}", which the results do not describe; described: ${[...described].join(', ') || 'none'}.`,
    { remedy: 'Write the file again with `espalier run`.' },
  );
}

/** What a trial of one scenario is called: its algorithm, with the options that set it apart where there are several sets. */
export function labelsOf(trials: readonly TrialRecord[]): (record: TrialRecord) => string {
  const { series, keyOf } = seriesOf(trials);
  const labels = new Map(series.map(({ key, label }) => [key, label]));
  return (record) => labels.get(keyOf(record))!;
}

function groupTrials(scenario: ScenarioDescription, trials: readonly TrialRecord[]): ScenarioResults {
  const instances = [...new Map(trials.map(({ trial }) => [trial.instance.name, trial.instance])).values()];
  const { series, keyOf } = seriesOf(trials);
  const groups = Map.groupBy(trials, (record) => cellKey(record.trial.instance.name, keyOf(record)));
  const cells = new Map<string, Cell>();
  for (const instance of instances) {
    for (const line of series) {
      const key = cellKey(instance.name, line.key);
      const own = groups.get(key);
      if (own) cells.set(key, cellOf(line, instance, own));
    }
  }
  return {
    scenario,
    instances,
    series,
    trials,
    cells: [...cells.values()],
    cell: (instance, line) => cells.get(cellKey(instance.name, line.key)),
    cellsOf: (instance) => series.flatMap((line) => cells.get(cellKey(instance.name, line.key)) ?? []),
  };
}

function cellOf(series: Series, instance: Instance, trials: readonly TrialRecord[]): Cell {
  const finished = trials.filter(({ status, score }) => status === 'ok' && score !== undefined);
  return {
    series,
    instance,
    trials,
    finished,
    scores: finished.map(({ score }) => score!),
    times: finished.flatMap(({ algorithmMs }) => algorithmMs ?? []),
  };
}

/**
 * A scenario may choose options by instance, which makes no further series. Only an algorithm that ran twice on one
 * instance, with other options or on another runtime, is split.
 */
function seriesOf(trials: readonly TrialRecord[]): {
  series: Series[];
  keyOf: (record: TrialRecord) => string;
} {
  const split = new Set<string>();
  const seen = new Map<string, string>();
  for (const { trial } of trials) {
    const place = cellKey(trial.instance.name, trial.algorithm);
    const variant = canonicalJson(variantOf(trial));
    if ((seen.get(place) ?? variant) !== variant) split.add(trial.algorithm);
    seen.set(place, variant);
  }
  const keyOf = ({ trial }: TrialRecord): string =>
    split.has(trial.algorithm) ? cellKey(trial.algorithm, canonicalJson(variantOf(trial))) : trial.algorithm;
  const firsts = new Map<string, TrialRecord>();
  for (const record of trials) if (!firsts.has(keyOf(record))) firsts.set(keyOf(record), record);
  const sorted = [...firsts].sort(([a], [b]) => (a < b ? -1 : 1));
  const series = sorted.map(([key, { trial }], index): Series => {
    const siblings = sorted.flatMap(([, other]) =>
      other.trial.algorithm === trial.algorithm ? [variantOf(other.trial)] : [],
    );
    return {
      key,
      algorithm: trial.algorithm,
      index,
      label: split.has(trial.algorithm)
        ? `${trial.algorithm} (${differences(variantOf(trial), siblings)})`
        : trial.algorithm,
    };
  });
  return { series, keyOf };
}

function variantOf({ options, runtime }: TrialRecord['trial']): JsonObject {
  return { ...options, runtime };
}

/** The members of `own` that are not the same in all `variants`. */
function differences(own: JsonObject, variants: readonly JsonObject[]): string {
  const names = [...new Set(variants.flatMap((variant) => Object.keys(variant)))].sort();
  return names
    .filter((name) => new Set(variants.map((variant) => canonicalJson(variant[name]))).size > 1)
    .map((name) => `${name} ${inWords(own[name])}`)
    .join(', ');
}

function inWords(value: Json | undefined): string {
  if (value === undefined) return 'default';
  return typeof value === 'string' ? value : canonicalJson(value);
}

function cellKey(...parts: readonly string[]): string {
  return parts.join('\u0000');
}
