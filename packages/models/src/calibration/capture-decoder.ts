import {
  type Batches,
  type CaptureRequest,
  InvalidProblemError,
  type LayerStatistics,
  nearestNames,
  UnsupportedError,
} from '@espalier/core';
import { add, dispose, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { chunkedAttention } from '../llama/chunked-attention.js';
import { attentionHeads, linear, mlpGates, normalize } from '../llama/decoder-layer.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { rotaryAngles } from '../llama/rotary-angles.js';
import { EMBEDDING, FINAL_NORM, HEAD, namesOf } from '../llama/tensor-plan.js';
import { LayerInputs } from './layer-inputs.js';

type Captured = readonly [layer: string, LayerStatistics];

/**
 * Statistics of the inputs of a decoder's linear layers, layer by layer. The hidden states of all batches stand in memory and move on from
 * block to block: the work is one pass (two with `propagate`, where a layer's inputs are computed again once it may have been replaced).
 * Layers that read the same activations (q, k, v; gate, up) share one computation. Without `propagate`, later layers see the weights
 * that the model had when the capture began. Layers of a dropped block see what they would see if it were active.
 *
 * An embedding reads one row as a whole: its X^T X is the number of tokens times the identity.
 *
 * @throws InvalidProblemError for an unknown layer or no batch at all
 * @throws UnsupportedError while tokens are routed past blocks, and for the inputs of an embedding
 */
export async function* captureDecoder(
  model: LlamaModel,
  batches: Batches,
  request: CaptureRequest,
): AsyncGenerator<Captured> {
  checkRequest(model, request);
  const subject = request.propagate ? model : model.clone();
  const walk: Walk = { model: subject, request, hidden: [] };
  try {
    for await (const { inputs } of batches) {
      await request.turn?.();
      walk.hidden.push(subject.embed(inputs));
    }
    if (walk.hidden.length === 0)
      throw new InvalidProblemError('There is no batch to gather statistics from.');
    yield* captureAll(walk);
  } finally {
    dispose(walk.hidden);
    if (subject !== model) subject.dispose();
  }
}

/** A capture under way. */
interface Walk {
  readonly model: LlamaModel;
  readonly request: CaptureRequest;
  /** Hidden states of each batch before the block at hand; replaced as they move on. */
  readonly hidden: Tensor[];
}

function checkRequest(model: LlamaModel, { layers, gather }: CaptureRequest): void {
  const names = model.layers().map(({ name }) => name);
  const unknown = layers?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const near = nearestNames(unknown, names);
    throw new InvalidProblemError(`There is no layer '${unknown}'.`, {
      remedy: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'layers() lists the layers.',
    });
  }
  if (gather.length === 0) throw new InvalidProblemError('A capture gathers at least one thing; given none.');
  if (model.routesTokens)
    throw new UnsupportedError('Statistics are not gathered while tokens are routed past blocks.', {
      remedy: 'Call setTokenRouting(undefined) first.',
    });
}

async function* captureAll(walk: Walk): AsyncGenerator<Captured> {
  const { model, request } = walk;
  const names = model.layers().map(({ name }) => name);
  let left = names.filter((name) => request.layers?.includes(name) ?? true).length;
  const counted = async function* (stage: AsyncGenerator<Captured>) {
    for await (const captured of stage) {
      left--;
      yield captured;
    }
  };
  if (names.includes(EMBEDDING)) yield* counted(embeddingStage(walk));
  for (const block of model.blocks()) {
    const stages = block.part === 'attention' ? attentionStages : mlpStages;
    for (const stage of stages(walk, block.index, block.active)) {
      if (left === 0) return;
      yield* counted(stage);
    }
  }
  const reader = model.reader();
  if (names.includes(HEAD)) yield* counted(stage(walk, [HEAD], (x) => normalize(reader, FINAL_NORM, x)));
}

function* attentionStages(walk: Walk, layer: number, active: boolean): Generator<AsyncGenerator<Captured>> {
  const reader = walk.model.reader();
  const names = namesOf(layer);
  const normed = (hidden: Tensor) => normalize(reader, names.attentionNorm, hidden);
  yield stage(walk, [names.q, names.k, names.v], normed);
  const mixed = (hidden: Tensor) => {
    const tokens = hidden.shape[1] ?? 0;
    const positions = Int32Array.from({ length: tokens }, (_, i) => i);
    const angles = rotaryAngles(reader.config, positions, tokens);
    const input = normed(hidden);
    const heads = attentionHeads(reader, layer, input, angles, (_layer, q, k, v) =>
      chunkedAttention(q, k, v),
    );
    dispose([angles.cos, angles.sin, input]);
    return heads;
  };
  yield stage(walk, [names.o], mixed, (hidden, input) =>
    moveOn(hidden, active, () => linear(reader, names.o, input)),
  );
}

function* mlpStages(walk: Walk, layer: number, active: boolean): Generator<AsyncGenerator<Captured>> {
  const reader = walk.model.reader();
  const names = namesOf(layer);
  const normed = (hidden: Tensor) => normalize(reader, names.mlpNorm, hidden);
  yield stage(walk, [names.gate, names.up], normed);
  const gated = (hidden: Tensor) => {
    const input = normed(hidden);
    const gates = mlpGates(reader, layer, input);
    input.dispose();
    return gates;
  };
  yield stage(walk, [names.down], gated, (hidden, input) =>
    moveOn(hidden, active, () => linear(reader, names.down, input)),
  );
}

function moveOn(hidden: Tensor, active: boolean, branch: () => Tensor): Tensor {
  if (!active) return hidden.clone();
  const added = branch();
  const next = add(hidden, added);
  added.dispose();
  return next;
}

/**
 * The layers that read one activation.
 * @param inputOf the activation from the hidden states of a batch
 * @param next the hidden states after the block, where this is its last layer
 */
async function* stage(
  walk: Walk,
  layers: readonly string[],
  inputOf: (hidden: Tensor) => Tensor,
  next?: (hidden: Tensor, input: Tensor) => Tensor,
): AsyncGenerator<Captured> {
  const { model, request } = walk;
  const wanted = layers.filter((name) => request.layers?.includes(name) ?? true);
  // Where no weight can change in between, the hidden states move on in the same pass.
  const atOnce = next !== undefined && (!request.propagate || wanted.length === 0);
  if (wanted.length > 0) {
    const width = model.layers().find(({ name }) => name === wanted[0])?.shape[1] ?? 0;
    const gathered = new LayerInputs(width, request.gather);
    try {
      await forEachBatch(walk, inputOf, async (input, states) => {
        const rows = reshape(input, [-1, width]) as Tensor2D;
        await gathered.add(rows);
        rows.dispose();
        return atOnce ? next?.(states, input) : undefined;
      });
      const reader = model.reader();
      for (const name of wanted)
        yield [name, gathered.statistics((x) => reader.multiply(name, x) as Tensor2D)];
    } finally {
      gathered.dispose();
    }
  }
  if (next && (!atOnce || wanted.length === 0))
    await forEachBatch(walk, inputOf, async (input, states) => next(states, input));
}

/** Runs `work` with the activation of each batch; hidden states that it returns take the place of the old ones. */
async function forEachBatch(
  { hidden, request }: Walk,
  inputOf: (hidden: Tensor) => Tensor,
  work: (input: Tensor, hidden: Tensor) => Promise<Tensor | undefined>,
): Promise<void> {
  for (let i = 0; i < hidden.length; i++) {
    await request.turn?.();
    const input = inputOf(hidden[i]);
    try {
      const moved = await work(input, hidden[i]);
      if (!moved) continue;
      hidden[i].dispose();
      hidden[i] = moved;
    } finally {
      input.dispose();
    }
  }
}

async function* embeddingStage({ model, request, hidden }: Walk): AsyncGenerator<Captured> {
  if (!(request.layers?.includes(EMBEDDING) ?? true)) return;
  if (request.gather.includes('inputs') || request.gather.includes('outputs'))
    throw new UnsupportedError(`The inputs of ${EMBEDDING} are tokens: there is no matrix of them.`, {
      remedy: "Ask for 'squares' or 'hessian', or leave the layer out.",
    });
  const width = model.config.hiddenSize;
  const rows = hidden.reduce((sum, states) => sum + states.size / width, 0);
  const hessian = new Float64Array(width * width);
  for (let i = 0; i < width; i++) hessian[i * (width + 1)] = rows;
  yield [
    EMBEDDING,
    {
      rows,
      ...(request.gather.includes('squares') && { squares: new Float64Array(width).fill(rows) }),
      ...(request.gather.includes('hessian') && { hessian }),
    },
  ];
}
