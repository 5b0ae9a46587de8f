import type { MustafarOptions } from './mustafar-options.js';
import { ChannelSquares, channelMask } from './pruners/channels.js';
import type { PromptContext, Pruning, StepContext } from './pruning.js';

/** Nothing is pruned: all stays in the window. */
export class Unpruned implements Pruning {
  readonly observes = false;
  begin(): void {}
  observe(): void {}
  prunedOfPrompt = () => 0;
  together = () => Number.POSITIVE_INFINITY;
  due = () => 0;
  prune = (rows: readonly Float32Array[]) => rows.map(({ length }) => new Uint8Array(length).fill(1));
  bytes = () => 0;
}

/** Methods that look at the rows alone, by block or by token. */
export class Scheduled implements Pruning {
  constructor(
    readonly options: MustafarOptions,
    readonly maskOf: (rows: Float32Array, head: number) => Uint8Array,
  ) {}

  get observes(): boolean {
    return false;
  }

  begin(_prompt: readonly Float32Array[], _context: PromptContext): void {}
  observe(_window: readonly Float32Array[], _context: StepContext): void {}

  prunedOfPrompt(tokens: number): number {
    const { schedule, window, block } = this.options;
    const beyond = Math.max(0, tokens - window);
    return schedule === 'token' ? beyond : beyond - (beyond % block);
  }

  together(window: number): number {
    const { schedule, window: dense, block } = this.options;
    return (schedule === 'token' ? dense : dense + block) - window;
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

  bytes(): number {
    return 0;
  }
}

/**
 * The same channels for all tokens. They are chosen when tokens are pruned for the first time, from all that came until then: from the
 * prompt where it is long enough, else from the tokens after it too, so that a short prompt does not decide for all.
 */
export class ByChannels extends Scheduled {
  channels: readonly Int32Array[] | undefined;
  #seen: ChannelSquares[] = [];

  constructor(
    options: MustafarOptions,
    readonly method: 'think' | 'thinv',
    readonly d: number,
    readonly sparsity: number,
  ) {
    super(options, (rows, head) => channelMask(this.channels![head], rows.length, d));
  }

  override get observes(): boolean {
    return this.channels === undefined;
  }

  override begin(prompt: readonly Float32Array[], context: PromptContext): void {
    this.#add(prompt, context);
  }

  override observe(window: readonly Float32Array[], context: StepContext): void {
    const { queries, group } = context;
    this.#add(
      window.map((rows, head) => rows.subarray(rows.length - queries[head].length / group)),
      context,
    );
  }

  override prune(rows: readonly Float32Array[]): Uint8Array[] {
    this.channels ??= this.#seen.map((head) => head.kept(this.sparsity, this.method));
    this.#seen = [];
    return super.prune(rows);
  }

  override bytes(): number {
    return this.#seen.reduce((bytes, head) => bytes + head.bytes(), 0);
  }

  #add(tokens: readonly Float32Array[], { queries, group }: Pick<PromptContext, 'queries' | 'group'>): void {
    tokens.forEach((rows, head) => {
      this.#seen[head] ??= new ChannelSquares(this.d);
      this.#seen[head].addTokens(rows);
      if (this.method === 'think') this.#seen[head].addQueries(queries[head], group);
    });
  }
}
