/** The prompt, as output-aware and structured methods look at it. */
export interface PromptContext {
  /** Of each key-value head, `[heads of the group, n, d]`. */
  readonly queries: readonly Float32Array[];
  /** Heads of a group. */
  readonly group: number;
  /** Of each key-value head, rows `[n, d]`: all tokens of the prompt. */
  readonly keys: readonly Float32Array[];
  /** Of each key-value head, the tokens of the prompt that the cache was given, where some were evicted before. */
  readonly positions?: readonly Int32Array[] | undefined;
}

/** A step, as they look at it. */
export interface StepContext {
  readonly queries: readonly Float32Array[];
  readonly group: number;
  /** Attention that each token of the cache received, summed over the queries of each key-value head; the newest last. */
  readonly received: readonly Float64Array[];
}

/** When a half of the cache is pruned, and how. Rows are `[tokens, d]` of each head. */
export interface Pruning {
  /** Channels that each head keeps, for methods that leave out whole channels; known from the first pruning on. */
  readonly channels?: readonly Int32Array[] | undefined;
  /** Whether it looks at the prompt and at steps: {@link begin} and {@link observe} are needed. */
  readonly observes: boolean;
  begin(prompt: readonly Float32Array[], context: PromptContext): void;
  /** Tokens of a prompt that are pruned at once, the oldest. */
  prunedOfPrompt(tokens: number): number;
  /** Tokens that may come together, behind a window of so many, without any of them missing what the others have pruned. */
  together(window: number): number;
  /** Tokens that are pruned now, of a window of so many. */
  due(window: number, moment: 'before' | 'after'): number;
  observe(window: readonly Float32Array[], context: StepContext): void;
  /** Masks, 1 where kept, of the oldest tokens of the window. */
  prune(rows: readonly Float32Array[]): Uint8Array[];
  /** Bytes of what it remembers. */
  bytes(): number;
}
