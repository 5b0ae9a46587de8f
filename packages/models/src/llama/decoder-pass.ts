import { type ResidualBlock, type RoutingContext, type TokenRouting, UnsupportedError } from '@espalier/core';
import { add, dispose, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { attentionWithReceived } from './chunked-attention.js';
import { type Attend, attentionBranch, type DecoderReader, mlpBranch } from './decoder-layer.js';
import type { DecoderConfig } from './llama-config.js';
import { type RotaryAngles, rotaryAngles, rotaryAnglesOfEach } from './rotary-angles.js';
import { type Branch, routedBlock } from './routed-block.js';

/** How hidden states pass through blocks. */
export interface DecoderPass {
  readonly reader: DecoderReader;
  readonly attend: Attend;
  /** Position of the first token in its sequence; one for each sequence where they differ. */
  readonly position: number | readonly number[];
  readonly phase: RoutingContext['phase'];
  readonly routing?: TokenRouting | undefined;
}

/**
 * Hidden states `[batch, tokens, width]` after some blocks, in order; inactive ones pass them on. A new tensor.
 * Nothing here runs inside a `tidy` of its own: a cache behind `attend` may keep what it makes.
 */
export function runBlocks(hidden: Tensor, blocks: readonly ResidualBlock[], pass: DecoderPass): Tensor {
  const [, tokens] = hidden.shape as [number, number, number];
  const { reader, position, routing } = pass;
  if (routing && typeof position !== 'number')
    throw new UnsupportedError('Tokens are routed past blocks for sequences that stand at one position.', {
      remedy: 'Run the sequences one by one, or take the routing away.',
    });
  const { positions, angles } = placesOf(reader.config, position, tokens);
  const received = routing?.reads?.includes('attention') ? new ReceivedAttention(hidden) : undefined;
  let states = hidden;
  const replaceStates = (next: Tensor): void => {
    if (states !== hidden) states.dispose();
    states = next;
  };
  try {
    for (const block of blocks) {
      if (!block.active) continue;
      const branch = branchOf(block, pass, { angles, positions }, received);
      if (!routing) {
        const added = branch(states, positions);
        replaceStates(add(states, added));
        added.dispose();
        continue;
      }
      const { phase } = pass;
      const { hidden: next, kept } = routedBlock(block, states, branch, {
        routing,
        positions,
        phase,
        attention: phase === 'prefill' ? received?.tensor : undefined,
      });
      replaceStates(next);
      if (block.part === 'attention') received?.endBlock(kept);
    }
    return states === hidden ? hidden.clone() : states;
  } catch (error) {
    if (states !== hidden) states.dispose();
    throw error;
  } finally {
    dispose([angles.cos, angles.sin]);
    received?.dispose();
  }
}

/** Where the tokens of a pass stand: those of one sequence, or of all of them where they differ. */
function placesOf(config: DecoderConfig, position: DecoderPass['position'], tokens: number) {
  const starts = typeof position === 'number' ? [position] : position;
  const positions = Int32Array.from({ length: starts.length * tokens }, (_, i) => {
    const sequence = Math.floor(i / tokens);
    return starts[sequence] + (i % tokens);
  });
  return { positions, angles: rotaryAnglesOfEach(config, starts, tokens) };
}

/** What a block adds to hidden states; the angles of a part of the tokens are made for it. */
function branchOf(
  block: ResidualBlock,
  { reader, attend, phase }: DecoderPass,
  all: { readonly angles: RotaryAngles; readonly positions: Int32Array },
  received: ReceivedAttention | undefined,
): Branch {
  if (block.part === 'mlp') return (states) => mlpBranch(reader, block.index, states);
  const noticing: Attend = (layer, q, k, v, sequence) => {
    if (received && phase === 'prefill') received.notice(q, k, v);
    return attend(layer, q, k, v, sequence);
  };
  return (states, positions, sequence) => {
    if (positions === all.positions)
      return attentionBranch(reader, block.index, states, all.angles, noticing, sequence);
    const length = (all.positions.at(-1) ?? 0) + 1;
    const angles = rotaryAngles(reader.config, positions, length);
    const added = attentionBranch(reader, block.index, states, angles, noticing, sequence);
    dispose([angles.cos, angles.sin]);
    return added;
  };
}

/** The attention that each token received in the last attention block in which it was kept; 0 before the first one. */
class ReceivedAttention {
  readonly #shape: readonly [batch: number, tokens: number];
  /** Of the block at hand, in the order of the sequences that it worked on. */
  #parts: Tensor[] = [];
  tensor: Tensor | undefined;

  constructor(hidden: Tensor) {
    const [batch, tokens] = hidden.shape as [number, number, number];
    this.#shape = [batch, tokens];
  }

  notice(q: Tensor, k: Tensor, v: Tensor): void {
    const { mixed, received } = attentionWithReceived(q, k, v);
    mixed.dispose();
    this.#parts.push(received);
  }

  /** @param kept tokens of each sequence; undefined: all of them */
  endBlock(kept: readonly Int32Array[] | undefined): void {
    const parts = this.#parts;
    this.#parts = [];
    if (!kept) {
      this.#become(parts[0]);
      return;
    }
    const [batch, tokens] = this.#shape;
    const values = Float32Array.from(this.tensor?.dataSync() ?? new Float32Array(batch * tokens));
    let next = 0;
    kept.forEach((some, sequence) => {
      if (some.length === 0) return;
      const received = parts[next++].dataSync();
      some.forEach((token, i) => {
        values[sequence * tokens + token] = received[i];
      });
    });
    dispose(parts);
    this.#become(tensor2d(values, [batch, tokens]));
  }

  dispose(): void {
    dispose(this.#parts);
    this.tensor?.dispose();
  }

  #become(tensor: Tensor | undefined): void {
    if (!tensor) return;
    this.tensor?.dispose();
    this.tensor = tensor;
  }
}
