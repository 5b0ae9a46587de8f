import {
  type ArtifactStore,
  type Batch,
  type Batches,
  type CompressedWeight,
  type CompressibleModel,
  type CompressionReport,
  type CompressionRequest,
  InvalidProblemError,
  type LayerReport,
  type RunOptions,
  type RunState,
  type StoredWeight,
  startRun,
} from '@espalier/core';
import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type LlamaSource, type NamedArray, openLlama } from '../llama/build-llama.js';
import type { DecoderConfig } from '../llama/llama-config.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { linearShapes, tensorPlan } from '../llama/tensor-plan.js';
import { checkTokens } from '../llama/token-batch.js';
import { RESTORABLE_FORMATS, restoreWeight } from '../weights/restore.js';

/** Where the tensors of the compressed model go, each as soon as it is finished and in the order of the model. */
export interface CompressedTensorSink {
  /** A linear layer, by its name without `.weight`; the weight is disposed of afterwards. */
  layer(name: string, weight: CompressedWeight): Promise<void> | void;
  /** Everything else, unchanged: embedding, gains, biases, head. */
  tensor(name: string, array: NamedArray): Promise<void> | void;
}

/** See {@link compressCheckpoint}. */
export interface CheckpointCompression {
  /** An open `Checkpoint`. */
  readonly source: LlamaSource;
  /** Batches of tokens, int32 `[batch, tokens]`. */
  readonly calibration: Batches;
  /**
   * Compresses one decoder layer: passes the request, with more fields of its own, on to a pruner or quantizer. The model takes hidden
   * states as inputs and has the layer's linear layers under their full names.
   */
  compress(
    model: CompressibleModel,
    request: CompressionRequest,
    run: RunOptions,
  ): Promise<CompressionReport>;
  readonly sink: CompressedTensorSink;
  /** Whether a layer is calibrated on what the compressed layers before it give. Default `compressed`. */
  readonly calibrateOn?: 'dense' | 'compressed';
  /** Finished layers by name: what an interrupted run left there is not computed again. One store for one set of settings. */
  readonly store?: ArtifactStore;
  /** Reads stored forms back; default those of this package. */
  readonly restore?: (stored: StoredWeight) => CompressedWeight;
  /** Only linear layers that this accepts are compressed; default all. */
  readonly layers?: (name: string) => boolean;
  readonly onLayer?: (report: LayerReport) => void;
}

/** What {@link compressCheckpoint} did. */
export interface CheckpointReport {
  /** Of the layers that were compressed in this run. */
  readonly layers: readonly LayerReport[];
  /** Indices of the decoder layers that came from the store. */
  readonly resumed: readonly number[];
  /** Of all linear layers in float32, and as stored. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly seconds: number;
}

/**
 * Compresses a checkpoint that need not fit into memory: one decoder layer at a time is read, compressed, handed to the sink and freed, while the
 * hidden states of the calibration batches move on from layer to layer. {@link memoryEstimate} says beforehand what it needs.
 *
 * @throws InvalidProblemError for calibration data that the model does not take, and what source, method and sink throw
 * @throws AbortedError between layers, and wherever the method asks
 */
export async function compressCheckpoint(
  job: CheckpointCompression,
  run: RunOptions = {},
): Promise<CheckpointReport> {
  const { source, sink } = job;
  const { config, tensors } = source;
  const state = startRun(run);
  const walk: Walk = {
    job,
    run,
    state,
    hidden: [],
    reports: [],
    resumed: [],
    bytes: { before: 0, after: 0 },
  };
  const copy = async (name: string, storedAs = name) =>
    sink.tensor(name, { shape: tensors.info(storedAs).shape, data: await tensors.read(storedAs) });
  const vectors = tensorPlan(config).filter(({ role }) => role === 'norm' || role === 'bias');
  try {
    await embedAll(walk);
    await copy(source.embedding);
    for (let layer = 0; layer < config.layers; layer++) {
      await state.turn();
      await compressDecoderLayer(walk, layer);
      for (const { name } of vectors.filter((vector) => vector.name.startsWith(`model.layers.${layer}.`)))
        await copy(name);
    }
    for (const { name } of vectors.filter((vector) => !vector.name.startsWith('model.layers.')))
      await copy(name);
    if (source.head !== source.embedding) await copy(source.head);
  } finally {
    dispose(walk.hidden);
  }
  const { reports, resumed, bytes } = walk;
  return {
    layers: reports,
    resumed,
    bytesBefore: bytes.before,
    bytesAfter: bytes.after,
    seconds: state.elapsedMs() / 1000,
  };
}

/** A compression under way. */
interface Walk {
  readonly job: CheckpointCompression;
  readonly run: RunOptions;
  readonly state: RunState;
  /** Hidden states of each calibration batch before the layer at hand. */
  readonly hidden: Tensor[];
  readonly reports: LayerReport[];
  readonly resumed: number[];
  readonly bytes: { before: number; after: number };
}

/** The hidden states before the first layer; the table of embeddings stays outside the backend's memory. */
async function embedAll({ job: { source, calibration }, hidden }: Walk): Promise<void> {
  const { config, tensors } = source;
  const width = config.hiddenSize;
  const table = await tensors.read(source.embedding);
  for await (const { inputs } of calibration) {
    checkTokens(config, inputs);
    const tokens = await inputs.data();
    const rows = new Float32Array(tokens.length * width);
    tokens.forEach((token, i) => {
      rows.set(table.subarray(token * width, (token + 1) * width), i * width);
    });
    hidden.push(tensor(rows, [...inputs.shape, width]));
  }
  if (hidden.length === 0) throw new InvalidProblemError('There is no batch to calibrate on.');
}

async function compressDecoderLayer(walk: Walk, layer: number): Promise<void> {
  const { job, state, hidden, bytes } = walk;
  const { config } = job.source;
  const dense = await openLlama(job.source, { stretch: { first: layer, count: 1 } });
  let compressed: CompressibleModel | undefined;
  try {
    compressed = (await restored(walk, dense, layer)) ?? (await compressNow(walk, dense, layer));
    for (const { name, weight } of compressed.layers()) {
      bytes.before += 4 * weight.shape[0] * weight.shape[1];
      bytes.after += weight.bytes;
      await job.sink.layer(name, weight);
    }
    const through = job.calibrateOn === 'dense' ? dense : compressed;
    for (let i = 0; i < hidden.length; i++) {
      const next = through.logits({ inputs: hidden[i] });
      hidden[i].dispose();
      hidden[i] = next;
    }
  } finally {
    compressed?.dispose();
    dense.dispose();
  }
  const fraction = (layer + 1) / config.layers;
  state.report({ iteration: layer + 1, fraction, message: `layer ${layer}` });
}

/** The layer from the store, where all of it is there. */
async function restored(
  { job, resumed }: Walk,
  dense: LlamaModel,
  layer: number,
): Promise<LlamaModel | undefined> {
  if (!job.store) return undefined;
  const found: [name: string, StoredWeight][] = [];
  for (const { name } of linearShapes(job.source.config, layer)) {
    if (!(job.layers?.(name) ?? true)) continue;
    const stored = await job.store.get(name);
    // A form of the method's own is read back by the method, which finds the same store in its request.
    if (!stored || (!job.restore && !RESTORABLE_FORMATS.includes(stored.format))) return undefined;
    found.push([name, stored]);
  }
  const copy = dense.clone();
  try {
    for (const [name, stored] of found) copy.replaceWeight(name, (job.restore ?? restoreWeight)(stored));
  } catch (error) {
    copy.dispose();
    throw error;
  }
  resumed.push(layer);
  return copy;
}

async function compressNow(walk: Walk, dense: LlamaModel, layer: number): Promise<CompressibleModel> {
  const { job, run, state, hidden, reports } = walk;
  const calibration: readonly Batch[] = hidden.map((inputs) => ({ inputs }));
  const total = job.source.config.layers;
  const request: CompressionRequest = {
    calibration,
    ...(job.store && { store: job.store }),
    ...(job.layers && { layers: job.layers }),
    onLayer: (report) => job.onLayer?.(report),
  };
  const report = await job.compress(dense, request, {
    signal: run.signal,
    seed: run.seed,
    onProgress: ({ fraction, message, value }) =>
      state.report({ iteration: layer, fraction: (layer + (fraction ?? 0)) / total, message, value }),
  });
  reports.push(...report.layers);
  return report.model;
}

/** Bytes of the numbers that {@link compressCheckpoint} holds, for methods that gather X^T X; what the JavaScript engine keeps for itself (150 to 250 MiB in Node) comes on top. */
export interface MemoryEstimate {
  /** One decoder layer in float32. */
  readonly layer: number;
  /** The hidden states of the calibration batches. */
  readonly hiddenStates: number;
  /** X^T X of the widest layer in float64. */
  readonly hessian: number;
  /** The largest tensor that is read as a whole: as a rule the embedding. */
  readonly largestTensor: number;
  /** All of the checkpoint in float32, for comparison. */
  readonly checkpoint: number;
  /** Dense layer, compressed layer and a working copy; hidden states twice; X^T X three times (sum, copy, factor). */
  readonly peak: number;
}

/** @param tokens of all calibration batches together */
export function memoryEstimate(config: DecoderConfig, tokens: number): MemoryEstimate {
  const sizes = tensorPlan(config).map(({ shape }) => 4 * shape.reduce((a, b) => a * b, 1));
  const linear = linearShapes(config, 0);
  const layer = 4 * linear.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  const widest = Math.max(...linear.map(({ shape }) => shape[1]));
  const hiddenStates = 4 * tokens * config.hiddenSize;
  const hessian = 8 * widest * widest;
  const largestTensor = Math.max(...sizes);
  return {
    layer,
    hiddenStates,
    hessian,
    largestTensor,
    checkpoint: sizes.reduce((a, b) => a + b, 0),
    peak: Math.max(3 * layer + 2 * hiddenStates + 3 * hessian, hiddenStates + largestTensor),
  };
}
