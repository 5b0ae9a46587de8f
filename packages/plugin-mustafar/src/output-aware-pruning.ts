import {
  attentionReceived,
  keepByChannel,
  keepByToken,
  keyScores,
  queryMagnitudes,
  valueScores,
} from './pruners/output-aware.js';
import type { PromptContext, Pruning, StepContext } from './pruning.js';

/** Scores of the tokens of the window add up from step to step, and decide when a token leaves it. */
abstract class OutputAware implements Pruning {
  readonly observes = true;
  /** `[tokens of the window, d]` of each head. */
  #scores: Float64Array[] = [];

  /** @param observed how many of the newest tokens get a step's scores */
  constructor(
    readonly d: number,
    readonly observed: number,
  ) {}

  abstract begin(prompt: readonly Float32Array[], context: PromptContext): void;
  abstract prunedOfPrompt(tokens: number): number;
  abstract due(window: number, moment: 'before' | 'after'): number;
  protected abstract stepScores(rows: Float32Array, context: StepContext, head: number): Float64Array;
  protected abstract maskOf(scores: Float64Array): Uint8Array;

  /** Each query sees what those before it have pruned. */
  together(): number {
    return 1;
  }

  observe(window: readonly Float32Array[], context: StepContext): void {
    this.#scores = window.map((rows, head) => {
      const scores = new Float64Array(rows.length);
      scores.set(this.#scores[head] ?? []);
      const first = Math.max(0, rows.length - this.observed * this.d);
      const added = this.stepScores(rows.subarray(first), context, head);
      added.forEach((score, i) => {
        scores[first + i] += score;
      });
      return scores;
    });
  }

  prune(rows: readonly Float32Array[]): Uint8Array[] {
    return rows.map((each, head) => {
      const mask = this.maskOf(this.#scores[head].subarray(0, each.length));
      this.#scores[head] = this.#scores[head].slice(each.length);
      return mask;
    });
  }

  bytes(): number {
    return this.#scores.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
  }

  protected start(scores: Float64Array[]): void {
    this.#scores = scores;
  }
}

/**
 * Token by token (Kt_Opa, Vt_Opa). The window has `groupSize` tokens; a step's query counts for the `groupSize` newest, its own token among
 * them, so not for the one that the step pushes out of the window: that one is pruned by what had added up before.
 */
export class OutputAwareByToken extends OutputAware {
  constructor(
    readonly target: 'key' | 'value',
    d: number,
    readonly sparsity: number,
    readonly groupSize: number,
  ) {
    super(d, groupSize);
  }

  begin(prompt: readonly Float32Array[], context: PromptContext): void {
    const { d, groupSize } = this;
    const { queries, group } = context;
    this.start(
      prompt.map((rows, head) =>
        this.target === 'key'
          ? keyScores(rows, d, queryMagnitudes(queries[head], group, d, groupSize))
          : valueScores(rows, d, receivedInPrompt(context, head, d, groupSize)),
      ),
    );
  }

  prunedOfPrompt(tokens: number): number {
    return Math.max(0, tokens - this.groupSize);
  }

  due(window: number, moment: 'before' | 'after'): number {
    return moment === 'after' ? Math.max(0, window - this.groupSize) : 0;
  }

  protected stepScores(
    rows: Float32Array,
    { queries, group, received }: StepContext,
    head: number,
  ): Float64Array {
    const { d } = this;
    return this.target === 'key'
      ? keyScores(rows, d, queryMagnitudes(queries[head], group, d, 1))
      : valueScores(rows, d, received[head].subarray(-rows.length / d));
  }

  protected maskOf(scores: Float64Array): Uint8Array {
    return keepByToken(scores, this.d, this.sparsity);
  }
}

/** Channel by channel (Vc_Opa): the whole prompt at once, later `groupSize` tokens when twice as many are in the window. */
export class OutputAwareByChannel extends OutputAware {
  constructor(
    d: number,
    readonly sparsity: number,
    readonly groupSize: number,
  ) {
    super(d, 2 * groupSize);
  }

  begin(prompt: readonly Float32Array[], context: PromptContext): void {
    const { d, groupSize } = this;
    this.start(
      prompt.map((rows, head) => valueScores(rows, d, receivedInPrompt(context, head, d, groupSize))),
    );
  }

  prunedOfPrompt(tokens: number): number {
    return tokens;
  }

  due(window: number, moment: 'before' | 'after'): number {
    return moment === 'after' && window >= 2 * this.groupSize ? this.groupSize : 0;
  }

  protected stepScores(rows: Float32Array, { received }: StepContext, head: number): Float64Array {
    return valueScores(rows, this.d, received[head].subarray(-rows.length / this.d));
  }

  protected maskOf(scores: Float64Array): Uint8Array {
    return keepByChannel(scores, this.d, this.sparsity);
  }
}

/** The attention that the tokens which the cache was given received from the last queries of the prompt. */
function receivedInPrompt(
  { queries, group, keys, positions }: PromptContext,
  head: number,
  d: number,
  count: number,
): Float64Array {
  const received = attentionReceived(queries[head], keys[head], group, d, count);
  return positions ? Float64Array.from(positions[head], (position) => received[position]) : received;
}
