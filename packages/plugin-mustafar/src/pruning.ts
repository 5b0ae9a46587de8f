import type { MustafarOptions } from './mustafar-options.js';
import { channelMask, thinkChannels, thinvChannels } from './pruners/channels.js';
import { channelMagnitude, tokenMagnitude } from './pruners/magnitude.js';
import {
  attentionReceived,
  keepByChannel,
  keepByToken,
  keyScores,
  queryMagnitudes,
  valueScores,
} from './pruners/output-aware.js';

/** What output-aware and structured methods look at. Queries are `[heads of the group, n, d]` for each key-value head. */
export interface PruneContext {
  readonly queries: readonly Float32Array[];
  /** Heads of a group. */
  readonly group: number;
  /** Of each key-value head, rows `[tokens, d]`: the prompt's. */
  readonly keys?: readonly Float32Array[];
  /** Attention that the newest tokens of the window received in a step, summed over the group, for each key-value head. */
  readonly received?: readonly Float64Array[];
}

/** When a half of the cache is pruned, and how. Rows are `[tokens, d]` of each head. */
export interface Pruning {
  /** Channels that each head keeps, for methods that leave out whole channels; known once it has begun. */
  readonly channels?: readonly Int32Array[];
  /** Whether {@link observe} is needed. */
  readonly observes: boolean;
  begin(prompt: readonly Float32Array[], context: PruneContext): void;
  /** Tokens of a prompt that are pruned at once, the oldest. */
  prunedOfPrompt(tokens: number): number;
  /** Tokens that are pruned now, of a window of so many. */
  due(window: number, moment: 'before' | 'after'): number;
  observe(window: readonly Float32Array[], context: PruneContext): void;
  /** Masks, 1 where kept, of the oldest tokens of the window. */
  prune(rows: readonly Float32Array[]): Uint8Array[];
}

/** The pruning of one half. */
export function createPruning(
  target: 'key' | 'value',
  d: number,
  sparsity: number,
  options: MustafarOptions,
): Pruning {
  const method = target === 'key' ? options.keyMethod : options.valueMethod;
  switch (method) {
    case 'token-magnitude':
      return new Scheduled(options, (rows) => tokenMagnitude(rows, d, sparsity));
    case 'channel-magnitude':
      return new Scheduled(options, (rows) => channelMagnitude(rows, d, sparsity, options.groupSize));
    case 'none':
      return new Unpruned();
    case 'think':
    case 'thinv':
      return new ByChannels(
        options,
        (prompt, { queries, group }, head) =>
          method === 'think'
            ? thinkChannels(queries[head], prompt, group, d, sparsity)
            : thinvChannels(prompt, d, sparsity),
        d,
      );
    case 'output-aware-token':
      return new OutputAwareByToken(target, d, sparsity, options.groupSize);
    case 'output-aware-channel':
      return new OutputAwareByChannel(d, sparsity, options.groupSize);
  }
}

/** Nothing is pruned: all stays in the window. */
class Unpruned implements Pruning {
  readonly observes = false;
  begin(): void {}
  observe(): void {}
  prunedOfPrompt = () => 0;
  due = () => 0;
  prune = (rows: readonly Float32Array[]) => rows.map(({ length }) => new Uint8Array(length).fill(1));
}

/** Methods that look at the rows alone, by block or by token. */
class Scheduled implements Pruning {
  readonly observes = false;

  constructor(
    readonly options: MustafarOptions,
    readonly maskOf: (rows: Float32Array, head: number) => Uint8Array,
  ) {}

  begin(_prompt: readonly Float32Array[], _context: PruneContext): void {}
  observe(): void {}

  prunedOfPrompt(tokens: number): number {
    const { schedule, window, block } = this.options;
    const beyond = Math.max(0, tokens - window);
    return schedule === 'token' ? beyond : beyond - (beyond % block);
  }

  due(window: number, moment: 'before' | 'after'): number {
    const { schedule, window: dense, block } = this.options;
    // By token: what leaves the window is pruned before the attention; the newest token is dense in its own step.
    if (schedule === 'token')
      return moment === 'before' ? Math.max(0, Math.min(window - dense, window - 1)) : 0;
    return moment === 'after' ? Math.max(0, Math.floor((window - dense) / block) * block) : 0;
  }

  prune(rows: readonly Float32Array[]): Uint8Array[] {
    return rows.map((each, head) => this.maskOf(each, head));
  }
}

/** The same channels for all tokens, chosen from the prompt. */
class ByChannels extends Scheduled {
  channels: Int32Array[] = [];

  constructor(
    options: MustafarOptions,
    readonly choose: (prompt: Float32Array, context: PruneContext, head: number) => Int32Array,
    d: number,
  ) {
    super(options, (rows, head) => channelMask(this.channels[head], rows.length, d));
  }

  override begin(prompt: readonly Float32Array[], context: PruneContext): void {
    this.channels = prompt.map((rows, head) => this.choose(rows, context, head));
  }
}

/** Token by token; a token's scores add up while it is among the newest `groupSize`. */
class OutputAwareByToken implements Pruning {
  readonly observes = true;
  /** Scores `[tokens of the window, d]` of each head. */
  #scores: Float64Array[] = [];

  constructor(
    readonly target: 'key' | 'value',
    readonly d: number,
    readonly sparsity: number,
    readonly groupSize: number,
  ) {}

  begin(prompt: readonly Float32Array[], { queries, group, keys }: PruneContext): void {
    const { d, groupSize } = this;
    this.#scores = prompt.map((rows, head) =>
      this.target === 'key'
        ? keyScores(rows, d, queryMagnitudes(queries[head], group, d, groupSize))
        : valueScores(rows, d, attentionReceived(queries[head], keys![head], group, d, groupSize)),
    );
  }

  prunedOfPrompt(tokens: number): number {
    return Math.max(0, tokens - this.groupSize);
  }

  due(window: number, moment: 'before' | 'after'): number {
    return moment === 'after' ? Math.max(0, window - this.groupSize) : 0;
  }

  observe(window: readonly Float32Array[], { queries, group, received }: PruneContext): void {
    const { d } = this;
    this.#scores = window.map((rows, head) => {
      const tokens = rows.length / d;
      const n = queries[head].length / (group * d);
      // The mean over the step's queries, times their number, is their sum.
      const sizes = queryMagnitudes(queries[head], group, d, n).map((size) => size * n);
      const added =
        this.target === 'key'
          ? keyScores(rows, d, sizes)
          : valueScores(rows, d, received![head].subarray(-tokens));
      const before = this.#scores[head] ?? new Float64Array();
      return added.map((score, i) => score + (before[i] ?? 0));
    });
  }

  prune(rows: readonly Float32Array[]): Uint8Array[] {
    return rows.map((each, head) => {
      const mask = keepByToken(this.#scores[head].subarray(0, each.length), this.d, this.sparsity);
      this.#scores[head] = this.#scores[head].slice(each.length);
      return mask;
    });
  }
}

/** Channel by channel: the whole prompt at once, later `groupSize` tokens when twice as many are in the window. */
class OutputAwareByChannel implements Pruning {
  readonly observes = true;
  #scores: Float64Array[] = [];

  constructor(
    readonly d: number,
    readonly sparsity: number,
    readonly groupSize: number,
  ) {}

  begin(prompt: readonly Float32Array[], { queries, group, keys }: PruneContext): void {
    this.#scores = prompt.map((rows, head) =>
      valueScores(rows, this.d, attentionReceived(queries[head], keys![head], group, this.d, this.groupSize)),
    );
  }

  prunedOfPrompt = (tokens: number) => tokens;

  due(window: number, moment: 'before' | 'after'): number {
    return moment === 'after' && window >= 2 * this.groupSize ? this.groupSize : 0;
  }

  observe(window: readonly Float32Array[], { received }: PruneContext): void {
    this.#scores = window.map((rows, head) => {
      const added = valueScores(rows, this.d, received![head].subarray(-rows.length / this.d));
      const before = this.#scores[head] ?? new Float64Array();
      return added.map((score, i) => score + (before[i] ?? 0));
    });
  }

  prune(rows: readonly Float32Array[]): Uint8Array[] {
    return rows.map((each, head) => {
      const mask = keepByChannel(this.#scores[head].subarray(0, each.length), this.d, this.sparsity);
      this.#scores[head] = this.#scores[head].slice(each.length);
      return mask;
    });
  }
}
