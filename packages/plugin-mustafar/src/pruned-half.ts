import { add, concat, matMul, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { ChannelPart } from './channel-part.js';
import { requireFinite, requireHalf } from './finite-rows.js';
import { masked, rowsOfHeads } from './heads.js';
import { type MustafarOptions, packs } from './mustafar-options.js';
import type { PackedStorage } from './packed-part.js';
import type { PromptContext, Pruning, StepContext } from './pruning.js';
import type { StoredPart, StoredTiles } from './stored-part.js';
import { TiledPart } from './tiled-part.js';

/**
 * One half of a cache, the keys or the values of all heads: what is pruned and stored, and the newest tokens, which stay dense until a block
 * of them (or each one) is pruned in turn.
 */
export class PrunedHalf {
  #stored: StoredPart | undefined;
  #local: Tensor3D | undefined;

  constructor(
    readonly target: 'key' | 'value',
    readonly d: number,
    readonly options: MustafarOptions,
    readonly pruning: Pruning,
  ) {}

  /** Tokens that are pruned, and tokens that are not yet. */
  get compressed(): number {
    return this.#stored?.length ?? 0;
  }
  get window(): number {
    return this.#local?.shape[1] ?? 0;
  }

  /** Tokens that may be appended at once without any of them missing what is pruned between them; less than 1: none. */
  get together(): number {
    return this.pruning.together(this.window);
  }

  /**
   * Whether it can hold these rows, now and when they will have left the window.
   * @throws InvalidProblemError for what is not finite, or too large for float16 where that is the type of what is kept
   */
  requireStorable(rows: Tensor3D): void {
    const require = this.#storage?.type === 'f16' && !this.#storage.bits ? requireHalf : requireFinite;
    require(rows.dataSync(), this.target);
  }

  /**
   * Takes a prompt, `[heads, tokens, d]`, and prunes as much of it as the method does at once.
   * @param context where the method observes
   */
  prefill(rows: Tensor3D, context: PromptContext | undefined): void {
    this.#local = rows.clone();
    if (context && this.pruning.observes) this.pruning.begin(rowsOfHeads(rows), context);
    this.#prune(this.pruning.prunedOfPrompt(rows.shape[1]));
  }

  append(rows: Tensor3D): void {
    const before = this.#local;
    this.#local = before ? concat([before, rows], 1) : rows.clone();
    before?.dispose();
  }

  /** Prunes what the schedule has due: `before` the attention of a step, or `after` it. */
  settle(moment: 'before' | 'after'): void {
    this.#prune(this.pruning.due(this.window, moment));
  }

  /** Lets output-aware methods see a step's queries and attention. */
  observe(context: StepContext): void {
    if (this.pruning.observes && this.#local) this.pruning.observe(rowsOfHeads(this.#local), context);
  }

  /** q K^T of all tokens, `[heads, rows, tokens]`. */
  scores(q: Tensor3D): Tensor3D {
    return tidy(() => {
      const parts = [
        this.compressed > 0 ? this.#stored!.product(q) : undefined,
        this.#local && (matMul(q, this.#local, false, true) as Tensor3D),
      ].filter((part) => part !== undefined);
      return parts.length === 1 ? parts[0] : concat(parts, 2);
    });
  }

  /**
   * The tokens in tiles and all newer ones as dense rows, for attention in one pass; undefined where there are no tiles or no window.
   * Called inside a `tidy`.
   */
  tiles(): (StoredTiles & { readonly dense: Tensor3D }) | undefined {
    const tiles = this.#stored?.tiles?.();
    if (!tiles || !this.#local) return undefined;
    return { ...tiles, dense: tiles.waiting ? concat([tiles.waiting, this.#local], 1) : this.#local };
  }

  /** p V over all tokens, `[heads, rows, d]`. */
  weighted(p: Tensor3D): Tensor3D {
    return tidy(() => {
      const cut = this.compressed;
      if (cut === 0) return matMul(p, this.#local!) as Tensor3D;
      const stored = this.#stored!.product(this.#local ? slice(p, [0, 0, 0], [-1, -1, cut]) : p);
      if (!this.#local) return stored;
      return add(stored, matMul(slice(p, [0, 0, cut], [-1, -1, -1]), this.#local)) as Tensor3D;
    });
  }

  /** Share of zeros in the stored part, as measured. */
  sparsity(): number {
    return this.#stored?.sparsity() ?? 0;
  }

  /** Bytes of the stored part. */
  storedBytes(): number {
    return this.#stored?.bytes() ?? 0;
  }

  bytes(): number {
    return this.storedBytes() + 4 * (this.#local?.size ?? 0) + this.pruning.bytes();
  }

  dispose(): void {
    this.#stored?.dispose();
    this.#local?.dispose();
    this.#local = undefined;
  }

  /** The oldest `count` tokens of the window. */
  #prune(count: number): void {
    if (count <= 0 || !this.#local) return;
    const local = this.#local;
    // Not in a tidy: it would look for tensors in every number of the rows.
    const oldest = slice(local, [0, 0, 0], [-1, count, -1]);
    const rows = rowsOfHeads(oldest);
    oldest.dispose();
    const masks = this.pruning.prune(rows);
    const { channels } = this.pruning;
    this.#stored ??= channels
      ? new ChannelPart(this.target, this.d, channels)
      : new TiledPart(this.target, this.d, this.#storage);
    this.#stored.append(rows.map((each, head) => masked(each, masks[head])));
    this.#local = count < local.shape[1] ? slice(local, [0, count, 0], [-1, -1, -1]) : undefined;
    local.dispose();
  }

  /** How pruned tokens are packed; undefined where they are not. */
  get #storage(): PackedStorage | undefined {
    const { format, storage, bits } = this.options;
    if (format === 'none' || !packs(this.target, this.options)) return undefined;
    return { packing: format === 'bitmap64' ? 'padded' : 'compact', type: storage, bits };
  }
}
