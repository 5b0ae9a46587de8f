import {
  InvalidProblemError,
  type ResidualBlock,
  type RoutingContext,
  type TokenRouting,
} from '@espalier/core';
import {
  add,
  clone,
  dispose,
  expandDims,
  gather,
  mul,
  slice,
  squeeze,
  stack,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';

/** What a residual block adds to hidden states `[batch, tokens, width]` whose tokens stand at `positions` of their sequences. */
export type Branch = (hidden: Tensor, positions: Int32Array, sequence?: number) => Tensor;

/** Where the tokens of a pass stand, and what a router is told about them. */
export interface RoutedPass {
  readonly routing: TokenRouting;
  readonly positions: Int32Array;
  readonly phase: RoutingContext['phase'];
  /** See `RoutingContext`. */
  readonly attention: Tensor | undefined;
}

/**
 * The hidden states after a block past which some tokens are routed: x + m branch(x).
 * `mix` computes the branch for all tokens; `gather` for the kept tokens alone, one sequence after the other, attention among them only.
 *
 * @returns the hidden states, and for `gather` which tokens of each sequence were kept; the caller disposes of the tensor
 * @throws InvalidProblemError for a mask of another shape
 */
export function routedBlock(
  block: ResidualBlock,
  hidden: Tensor,
  branch: Branch,
  pass: RoutedPass,
): { readonly hidden: Tensor; readonly kept?: readonly Int32Array[] } {
  const { routing, positions } = pass;
  const mask = askRouter(block, hidden, pass);
  if (!mask) {
    const added = branch(hidden, positions);
    const next = add(hidden, added);
    added.dispose();
    return { hidden: next };
  }
  if (routing.mode === 'mix') {
    const added = branch(hidden, positions);
    const next = tidy(() => add(hidden, mul(added, expandDims(mask, -1))));
    dispose([added, mask]);
    return { hidden: next };
  }
  const kept = keptTokens(mask);
  mask.dispose();
  const rows = kept.map((tokens, sequence) => keptBranch(hidden, branch, positions, tokens, sequence));
  const next = stack(rows);
  dispose(rows);
  return { hidden: next, kept };
}

/** The mask as a tensor of our own: a router may hand out the same one every time. */
function askRouter(block: ResidualBlock, hidden: Tensor, pass: RoutedPass): Tensor | undefined {
  const [batch, tokens] = hidden.shape as [number, number, number];
  const repeated = Int32Array.from({ length: batch * tokens }, (_, i) => pass.positions[i % tokens]);
  const { attention, phase, routing } = pass;
  const [mask] = tidy(() => {
    const positions = tensor2d(repeated, [batch, tokens], 'int32');
    const routed = routing.route(block, { hidden, positions, phase, ...(attention && { attention }) });
    return routed ? [clone(routed)] : [];
  });
  if (mask && mask.shape.join() !== [batch, tokens].join()) {
    mask.dispose();
    throw new InvalidProblemError(
      `A keep mask for ${block.name} is [${batch}, ${tokens}]; given [${mask.shape}].`,
    );
  }
  return mask;
}

/** Indices of the tokens of each sequence whose mask is not zero. */
function keptTokens(mask: Tensor): readonly Int32Array[] {
  const [batch, tokens] = mask.shape as [number, number];
  const values = mask.dataSync();
  return Array.from({ length: batch }, (_, sequence) => {
    const all = Int32Array.from({ length: tokens }, (_, i) => i);
    return all.filter((i) => values[sequence * tokens + i] !== 0);
  });
}

/** One sequence `[tokens, width]` after the block, with the branch computed for its kept tokens. */
function keptBranch(
  hidden: Tensor,
  branch: Branch,
  positions: Int32Array,
  kept: Int32Array,
  sequence: number,
): Tensor {
  const [, tokens, width] = hidden.shape as [number, number, number];
  const own = tidy(() => slice(hidden, [sequence, 0, 0], [1, tokens, width]));
  if (kept.length === 0) {
    const unchanged = squeeze(own, [0]);
    own.dispose();
    return unchanged;
  }
  const indices = tensor1d(kept, 'int32');
  const some = gather(own, indices, 1);
  const added = branch(
    some,
    kept.map((i) => positions[i]),
    sequence,
  );
  const next = tidy(() => add(squeeze(own, [0]), unsortedSegmentSum(squeeze(added, [0]), indices, tokens)));
  dispose([own, indices, some, added]);
  return next;
}
