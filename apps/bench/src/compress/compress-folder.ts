import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerReport, RunOptions } from '@espalier/core';
import {
  type Checkpoint,
  calibrationWindows,
  compressCheckpoint,
  createCheckpointWriter,
  denseValues,
  type LlamaModel,
  openCheckpoint,
  openLlama,
  perplexity,
  rewriteCheckpoint,
  tokenBatches,
} from '@espalier/models';
import type { CompressionJob } from './compression-job.js';
import { openLayerStore } from './layer-store.js';

/** See {@link compressFolder}. */
export interface FolderCompression {
  /** Where the source lies. */
  readonly path: string;
  readonly source: Checkpoint;
  readonly out: string;
  readonly job: CompressionJob;
  /** Everything that the result depends on: an interrupted run goes on only where it is the same. */
  readonly settings: object;
  readonly calibration: ArrayLike<number>;
  readonly evaluation: ArrayLike<number>;
  readonly window: number;
  readonly calibrationWindows: number;
  /** `dense`: every weight as a matrix; `packed`: 2:4 weights in the compressed-tensors format. */
  readonly format: 'dense' | 'packed';
  /** One decoder layer in memory at a time. */
  readonly stream: boolean;
  readonly onLayer: (report: LayerReport) => void;
  readonly onStage: (stage: string) => void;
}

/** A model before or after. */
export interface ModelFigures {
  readonly perplexity: number;
  /** Of the files with tensors. */
  readonly bytesOnDisk: number;
  /** Of the model as it runs: for the compressed one, its weights in their stored form. */
  readonly bytesInMemory: number;
}

/** What {@link compressFolder} did. */
export interface FolderReport {
  readonly before: ModelFigures;
  readonly after: ModelFigures;
  readonly layers: readonly LayerReport[];
  readonly seconds: number;
}

/**
 * Compresses a checkpoint folder into another: measures, compresses layer by layer (each finished layer is kept, so that an interrupted run
 * goes on), writes, opens what was written, and measures that.
 */
export async function compressFolder(plan: FolderCompression, run: RunOptions): Promise<FolderReport> {
  const { path, source, out, evaluation, window, onStage } = plan;
  onStage('evaluating the dense model');
  const dense = await openLlama(source);
  const memoryBefore = dense.bytes;
  const before = await perplexity(dense, evaluation, { window }, run);
  if (plan.stream) dense.dispose();
  const start = performance.now();
  const { layers, bytes } = plan.stream ? await streamed(plan, run) : await inMemory(plan, dense, run);
  const seconds = (performance.now() - start) / 1000;
  onStage('evaluating what was written');
  const written = await openCheckpoint(out);
  try {
    const model = await openLlama(written);
    const after = await perplexity(model, evaluation, { window }, run);
    model.dispose();
    return {
      before: {
        perplexity: before.perplexity,
        bytesOnDisk: await bytesOnDisk(path),
        bytesInMemory: memoryBefore,
      },
      after: { perplexity: after.perplexity, bytesOnDisk: await bytesOnDisk(out), bytesInMemory: bytes },
      layers,
      seconds,
    };
  } finally {
    await written.close();
  }
}

interface Compressed {
  readonly layers: readonly LayerReport[];
  /** In memory, everything counted. */
  readonly bytes: number;
}

/** The whole model at once: what methods that look at more than one layer need. Takes over `dense`. */
async function inMemory(plan: FolderCompression, dense: LlamaModel, run: RunOptions): Promise<Compressed> {
  const { source, out, job, settings, onLayer, onStage } = plan;
  const store = await openLayerStore(`${out}.layers`, settings);
  const batches = tokenBatches(
    calibrationWindows(plan.calibration, { window: plan.window, count: plan.calibrationWindows }),
  );
  try {
    onStage('compressing');
    const report = await job(dense, { calibration: batches, store, onLayer }, run);
    dense.dispose();
    try {
      onStage('writing');
      const others = report.model.otherParameters();
      const weights = new Map(report.model.layers().map(({ name, weight }) => [`${name}.weight`, weight]));
      await rewriteCheckpoint(
        source,
        out,
        {
          edit: async ({ name, values }) => {
            const weight = weights.get(name);
            if (weight) return denseValues(weight);
            // Methods that tune may have moved norms, biases and embeddings too.
            const other = others[name === source.embedding ? 'model.embed_tokens.weight' : name];
            return other ? Float32Array.from(await other.data()) : values;
          },
          sparse24: (name) => plan.format === 'packed' && weights.get(name)?.format === 'n:m',
        },
        run,
      );
      await store.discard();
      return { layers: report.layers, bytes: report.model.bytes };
    } finally {
      report.model.dispose();
    }
  } finally {
    batches.dispose();
  }
}

/** One decoder layer at a time. */
async function streamed(plan: FolderCompression, run: RunOptions): Promise<Compressed> {
  const { source, out, job, settings, onLayer, onStage } = plan;
  const store = await openLayerStore(`${out}.layers`, settings);
  const batches = tokenBatches(
    calibrationWindows(plan.calibration, { window: plan.window, count: plan.calibrationWindows }),
  );
  const { tensors } = source;
  const planned = tensors.names.map((name) => ({ name, ...tensors.info(name) }));
  const writer = await createCheckpointWriter(out, planned, {
    copyFrom: source.files,
    config: source.config.source,
    resume: JSON.stringify(settings),
  });
  let others = 0;
  try {
    onStage('compressing');
    const write = async (name: string, values: () => Float32Array | Promise<Float32Array>) => {
      if (!writer.done.has(name) && tensors.has(name)) await writer.write(name, await values());
    };
    const report = await compressCheckpoint(
      {
        source,
        calibration: batches,
        compress: job,
        store,
        onLayer,
        sink: {
          layer: (name, weight) => write(`${name}.weight`, () => denseValues(weight)),
          tensor: async (name, { data }) => {
            others += data.byteLength;
            await write(name, () => data);
          },
        },
      },
      run,
    );
    for (const name of tensors.names) await write(name, () => tensors.read(name));
    onStage('writing');
    await writer.finish();
    await store.discard();
    return { layers: report.layers, bytes: report.bytesAfter + others };
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    batches.dispose();
  }
}

/** Bytes of the files with tensors: a checkpoint may hold them packed. */
async function bytesOnDisk(path: string): Promise<number> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return entry.size;
  let bytes = 0;
  for (const name of await readdir(path))
    if (/\.(safetensors|bin)$/.test(name)) bytes += (await stat(join(path, name))).size;
  return bytes;
}

/** Removes what an interrupted run has left, so that the next one starts anew. */
export async function forgetLayers(out: string): Promise<void> {
  await rm(`${out}.layers`, { recursive: true, force: true });
}
