import type { DataFiles } from './data-files.js';
import type { Json, JsonObject } from './json.js';

/** A file of inputs and expected outputs. */
export interface GoldenFile extends JsonObject {
  readonly paper: string;
  /** Which sort of case it is; the plugin has one runner for each. */
  readonly kind: string;
}

/** The largest deviation that counts as equal: |actual - expected| <= absolute + relative |expected|. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** What a golden runner gets beside the file. */
export interface GoldenContext {
  readonly data: DataFiles;
}

/** Computes the outputs of any file of its kind through the plugin's public API. */
export interface GoldenRunner {
  /**
   * The outputs, nested and named as in the file: only what is returned is compared, each number at its own place.
   * A list may hold `undefined` or `null` where the file's value is an input or is not computed.
   */
  run(file: GoldenFile, context: GoldenContext): Promise<{ readonly [name: string]: Json | undefined }>;
  /** The tolerance that the file states for the output at `path` (keys and list indices from the root). */
  tolerance(path: readonly (string | number)[], file: GoldenFile): Tolerance;
}

/** A plugin's runners by kind of file. */
export type GoldenRunners = Readonly<Record<string, GoldenRunner>>;
