import { softmaxCrossEntropy } from '@espalier/kernels';
import type { LlamaModel } from '@espalier/models';
import {
  add,
  dispose,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  squeeze,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
  tensor3d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { createPruning } from '../create-pruning.js';
import { headsOfRows, masked, rowsOfHeads } from '../heads.js';
import type { MustafarOptions } from '../mustafar-options.js';

/**
 * Perplexity where every token attends to the newest `window` tokens, its own among them, as they are, and to older ones pruned: one forward
 * pass a window of text, in which structured methods choose their channels from the whole of it.
 */
export async function maskedPerplexity(
  model: LlamaModel,
  windows: readonly Int32Array[],
  options: MustafarOptions,
  signal?: AbortSignal,
): Promise<number> {
  const { heads, kvHeads } = model.config;
  let [total, count] = [0, 0];
  for (const tokens of windows) {
    signal?.throwIfAborted();
    const reach = reachOf(kvHeads, heads / kvHeads, tokens.length, options.window);
    const inputs = tensor2d(tokens, [1, tokens.length], 'int32');
    const hidden = model.hiddenStates(inputs, {
      attend: (_layer, q, k, v) => attendPruned(q, k, v, reach, options),
    });
    const loss = tidy(() => {
      const logits = squeeze<Tensor2D>(model.headLogits(hidden), [0]);
      const known = tokens.length - 1;
      return sum(
        softmaxCrossEntropy(slice(logits, [0, 0], [known, -1]), tensor1d(tokens.subarray(1), 'int32')),
      );
    });
    total += (await loss.data())[0];
    count += tokens.length - 1;
    dispose([inputs, hidden, loss, ...Object.values(reach)]);
  }
  return Math.exp(total / count);
}

/** For each query and token, `[key-value heads, heads of the group x tokens, tokens]`. */
interface Reach {
  /** 1 where the token is among the newest to the query, its own among them. */
  readonly near: Tensor3D;
  /** 1 where it is older. */
  readonly far: Tensor3D;
  /** -1e9 where it comes later. */
  readonly later: Tensor3D;
}

function reachOf(kvHeads: number, group: number, tokens: number, window: number): Reach {
  const shape = [kvHeads, group * tokens, tokens] as const;
  const filled = (value: (distance: number) => number): Tensor3D => {
    const all = new Float32Array(shape[0] * shape[1] * shape[2]);
    for (let i = 0; i < all.length; i++) all[i] = value((Math.floor(i / tokens) % tokens) - (i % tokens));
    return tensor3d(all, [...shape]);
  };
  return {
    near: filled((distance) => Number(distance < window)),
    far: filled((distance) => Number(distance >= window)),
    later: filled((distance) => (distance < 0 ? -1e9 : 0)),
  };
}

/** Attention of one sequence; tensors as `[1, tokens, heads, d]`. */
function attendPruned(q: Tensor, k: Tensor, v: Tensor, reach: Reach, options: MustafarOptions): Tensor {
  return tidy(() => {
    const [queries, keys, values] = [q, k, v].map((x) => transpose(squeeze<Tensor3D>(x, [0]), [1, 0, 2]));
    const [heads, tokens, d] = queries.shape;
    const group = heads / keys.shape[0];
    const grouped = reshape(queries, [keys.shape[0], group * tokens, d]) as Tensor3D;
    const context = { queries: rowsOfHeads(grouped), group, keys: rowsOfHeads(keys) };
    const pruned = (target: 'key' | 'value', x: Tensor3D): Tensor3D => {
      const sparsity = target === 'key' ? options.keySparsity : options.valueSparsity;
      const pruning = createPruning(target, d, sparsity, options);
      const rows = rowsOfHeads(x);
      pruning.begin(rows, context);
      const masks = pruning.prune(rows);
      return headsOfRows(
        rows.map((each, head) => masked(each, masks[head])),
        d,
      );
    };
    const scaled = mul(grouped, 1 / Math.sqrt(d)) as Tensor3D;
    const scoresOf = (x: Tensor3D) => matMul(scaled, x, false, true);
    const scores = add(
      mul(scoresOf(keys), reach.near),
      add(mul(scoresOf(pruned('key', keys)), reach.far), reach.later),
    );
    const p = softmax(scores) as Tensor3D;
    const output = add(
      matMul(mul(p, reach.near), values),
      matMul(mul(p, reach.far), pruned('value', values)),
    );
    return reshape(transpose(reshape(output, [heads, tokens, d]), [1, 0, 2]), q.shape);
  });
}
