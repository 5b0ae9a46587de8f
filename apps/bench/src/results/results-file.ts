import type { AlgorithmDescription, Instance, JsonObject, ScoreAxis, Verdict } from '@espalier/core';

/** The machine that a results file was measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

/** What identifies a trial: all JSON; its hash is the trial's key in the store. */
export interface TrialSpec {
  readonly scenario: string;
  readonly instance: Instance;
  readonly algorithm: string;
  readonly plugin: { readonly name: string; readonly version: string };
  readonly options: JsonObject;
  /** Derived from (base seed, scenario, instance, algorithm, repetition). */
  readonly seed: number;
  readonly repetition: number;
  readonly runtime: string;
  readonly suite: 'quick' | 'full';
}

/** How a trial ended. All but `ok` are results too: `reason` says what happened. */
export type TrialStatus =
  | 'ok'
  | 'refused' // the algorithm does not take this instance
  | 'failed' // it threw
  | 'crashed' // its process died
  | 'out-of-memory'
  | 'timed-out' // past the hard deadline
  | 'aborted'; // interrupted by the user: measured again in the next run

/** A point of the curve of score against time. */
export interface CurvePoint {
  readonly timeMs: number;
  readonly iteration: number;
  readonly score: number;
}

/** One finished trial. */
export interface TrialRecord {
  readonly key: string;
  readonly trial: TrialSpec;
  readonly status: TrialStatus;
  readonly reason?: string;
  readonly score?: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly stopped?: string;
  /** At most 500 points, thinned evenly; first and last are kept. */
  readonly curve: readonly CurvePoint[];
  /** Time of the algorithm alone, scoring excluded. */
  readonly algorithmMs?: number;
  /** Life of the process, start and loading included. */
  readonly wallMs: number;
  readonly peakMemoryBytes?: number;
  readonly startedAt: string;
}

/** One measured claim. */
export interface ClaimRecord {
  readonly plugin: string;
  readonly claim: string;
  readonly tier: 'quick' | 'full' | 'gpu';
  readonly statement: string;
  readonly paper: { readonly figure: string; readonly setting: string };
  readonly ourFigure: string;
  readonly verdict: Verdict['verdict'];
  readonly reason: string;
  readonly measurements: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly wallMs: number;
}

/** What the report needs to know of a scenario. */
export interface ScenarioDescription {
  readonly name: string;
  readonly plugin: string;
  readonly kind: string;
  readonly summary: string;
  readonly score: ScoreAxis;
}

/** Everything that one `espalier run` or `espalier claims` wrote. Its JSON Schema is published beside it. */
export interface ResultsFile {
  readonly format: 'espalier-results';
  readonly formatVersion: 1;
  readonly createdAt: string;
  readonly suite: 'quick' | 'full';
  readonly seed: number;
  readonly runtime: { readonly name: string; readonly why: string };
  readonly machine: Machine;
  /** Package versions by name: core, the app, every plugin. */
  readonly versions: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioDescription[];
  readonly algorithms: readonly AlgorithmDescription[];
  readonly trials: readonly TrialRecord[];
  readonly claims: readonly ClaimRecord[];
  /** Plugins that could not be loaded. */
  readonly pluginFailures: readonly { readonly plugin: string; readonly reason: string }[];
  /** Whether the run was interrupted: what is here was measured, more was planned. */
  readonly complete: boolean;
}
