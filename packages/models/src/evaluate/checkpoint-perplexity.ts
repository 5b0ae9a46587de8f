import { type RunOptions, startRun } from '@espalier/core';
import { dispose, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { tokenBatches } from '../calibration/token-windows.js';
import { type LlamaSource, openLlama } from '../llama/build-llama.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { checkTokens, targetsOf } from '../llama/token-batch.js';
import { meanTokenLoss } from '../llama/token-loss.js';
import { type Perplexity, type PerplexityOptions, perplexityOf, windowsOf } from './perplexity.js';

/** See {@link checkpointPerplexity}. */
export interface CheckpointPerplexity extends Perplexity {
  /** Of the model as it would run in memory: `bytes` of the model that `openLlama` gives. */
  readonly modelBytes: number;
}

/**
 * What `perplexity` measures, for a checkpoint that need not fit into memory: the hidden states of all windows move from decoder layer to
 * decoder layer, of which one is in memory beside embedding, head and the first. Memory on top: the hidden states, 4 bytes times tokens
 * times width.
 *
 * @throws InvalidProblemError what `perplexity` throws, and what the source throws
 * @throws AbortedError between batches
 */
export async function checkpointPerplexity(
  source: LlamaSource,
  tokens: ArrayLike<number>,
  options: PerplexityOptions = {},
  run: RunOptions = {},
): Promise<CheckpointPerplexity> {
  const { window = 256, batchSize = 8 } = options;
  const state = startRun(run);
  const { config } = source;
  const windows = windowsOf(tokens, window);
  const batches = tokenBatches(windows, batchSize);
  const hidden: Tensor[] = [];
  // Embedding, final norm and head, with the first decoder layer, for which no smaller model exists.
  const ends = await openLlama({ ...source, config: { ...config, layers: 1 } });
  let modelBytes = ends.bytes;
  try {
    for (const { inputs } of batches) {
      checkTokens(config, inputs);
      hidden.push(ends.embed(inputs));
    }
    for (let index = 0; index < config.layers; index++) {
      const layer = await openLlama(source, { stretch: { first: index, count: 1 } });
      if (index > 0) modelBytes += layer.bytes;
      try {
        for (const [i, before] of hidden.entries()) {
          await state.turn();
          hidden[i] = layer.logits({ inputs: before });
          before.dispose();
        }
      } finally {
        layer.dispose();
      }
      const fraction = (index + 1) / config.layers;
      state.report({ iteration: index + 1, fraction, message: `layer ${index}` });
    }
    let total = 0;
    for (const [i, batch] of [...batches].entries()) {
      const loss = meanLoss(ends, hidden[i]!, batch);
      total += (await loss.data())[0]! * batch.inputs.shape[0]!;
      loss.dispose();
    }
    return { ...perplexityOf(total / windows.length, windows, options.bytesOf), modelBytes };
  } finally {
    dispose(hidden);
    ends.dispose();
    batches.dispose();
  }
}

const meanLoss = (model: LlamaModel, hidden: Tensor, batch: { readonly inputs: Tensor }) =>
  tidy(() => {
    const head = (rows: Tensor2D) => model.headLogits(rows) as Tensor2D;
    return meanTokenLoss(hidden, targetsOf(model.config, batch), model.config.vocabularySize, head);
  });
