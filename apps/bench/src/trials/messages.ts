import type { TrialOutcome } from '@espalier/core';
import type { CurvePoint, TrialSpec } from '../results/results-file.js';

/** What a trial's process is told. */
export interface TrialOrder {
  readonly trial: TrialSpec;
  /** Packages that bring the algorithm, the scenario and the runtime: no other is loaded. */
  readonly packages: readonly string[];
  /** Where plugins are looked for. */
  readonly folders: readonly string[];
  readonly dataFolder?: string;
  /** For what scenarios make for the occasion. */
  readonly cacheFolder: string;
  /** The process ends itself when it takes more. */
  readonly memoryLimitBytes: number;
}

/** What it tells on the way and at the end. */
export type TrialMessage =
  | { readonly type: 'started' }
  /** Work that does not count as the algorithm's begins, and ends. */
  | { readonly type: 'paused' | 'resumed' }
  | PointsMessage
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'failed'; readonly reason: string; readonly peakMemoryBytes: number }
  | {
      readonly type: 'finished';
      readonly outcome: TrialOutcome;
      readonly algorithmMs: number;
      readonly peakMemoryBytes: number;
    };

/** Points of the curve: every `stride`-th of those that the algorithm reported. */
export interface PointsMessage {
  readonly type: 'points';
  readonly stride: number;
  readonly points: readonly CurvePoint[];
}
