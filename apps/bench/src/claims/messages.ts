import type { ClaimResult } from '@espalier/testkit';

/** What a claim's process is told. */
export interface ClaimOrder {
  readonly plugin: string;
  /** Packages that are loaded: the plugin, and what brings the runtime. */
  readonly packages: readonly string[];
  readonly claim: string;
  readonly seed: number;
  readonly runtime: string;
  /** Where plugins are looked for. */
  readonly folders: readonly string[];
  readonly dataFolder?: string;
  /** For what claims make for the occasion. */
  readonly cacheFolder: string;
}

/** What it tells. */
export type ClaimMessage =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'finished'; readonly result: Omit<ClaimResult, 'claim'> };
