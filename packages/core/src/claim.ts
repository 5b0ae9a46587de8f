import type { DataFiles, DataSet } from './data-files.js';
import { mark } from './mark.js';
import type { Services } from './services.js';

/** `quick` claims take seconds and run in CI, `full` ones minutes, `gpu` ones need a device. */
export type ClaimTier = 'quick' | 'full' | 'gpu';

/** What came out. `partly`: some of the statement holds; `not measured`: something it needs is absent. */
export interface Verdict {
  readonly verdict: 'holds' | 'partly' | 'does not hold' | 'not measured';
  /** Why, one or two sentences with the numbers. */
  readonly reason: string;
}

/** What a claim's measurement gets. */
export interface ClaimContext {
  readonly seed: number;
  readonly data: DataFiles;
  readonly services: Services;
  readonly signal?: AbortSignal | undefined;
  /** A line for people about what is being measured. */
  readonly onProgress?: ((message: string) => void) | undefined;
}

/** Named numbers that a claim measured, method and baselines alike. */
export type Measurements = Readonly<Record<string, number>>;

/** A paper's statement as data and code: it measures both sides in one process, then judges. */
export interface Claim {
  /** Unique within the plugin. */
  readonly name: string;
  readonly tier: ClaimTier;
  readonly statement: string;
  readonly paper: {
    /** The figure that the paper reports, in words: `20 + 9 iterations against 56,199`. */
    readonly figure: string;
    readonly setting: string;
  };
  /** Data sets that it uses where they are present. */
  readonly data?: readonly DataSet[];
  /** @throws AbortedError when the signal fires */
  measure(context: ClaimContext): Promise<Measurements>;
  /** Our figure in words, for the table. */
  figure(measured: Measurements): string;
  /** The rule, a pure function of the measurements. */
  judge(measured: Measurements): Verdict;
}

/** Marks a claim. */
export function defineClaim(claim: Claim): Claim {
  return mark('claim', { ...claim });
}
