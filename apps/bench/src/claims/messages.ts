import type { ClaimResult } from '@espalier/testkit';

/** What a claim's process is told. */
export interface ClaimOrder {
  readonly plugin: string;
  readonly claim: string;
  readonly seed: number;
  readonly runtime: string;
  /** Where plugins are looked for. */
  readonly folders: readonly string[];
  readonly dataFolder?: string;
}

/** What it tells. */
export type ClaimMessage =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'finished'; readonly result: Omit<ClaimResult, 'claim'> };
