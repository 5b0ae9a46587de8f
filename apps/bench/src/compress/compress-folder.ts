import { rm, stat } from 'node:fs/promises';
import type { LayerReport, RunOptions } from '@espalier/core';
import {
  type Checkpoint,
  checkpointPerplexity,
  openCheckpoint,
  openLlama,
  perplexity,
} from '@espalier/models';
import { compressInMemory } from './compress-in-memory.js';
import { compressStreamed } from './compress-streamed.js';
import type { FolderCompression } from './folder-compression.js';

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
  /** How the layers were written: dense, or the name of the codec (`codecName`). */
  readonly format: string;
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
  const { source, out, evaluation, window, stream, onStage } = plan;
  onStage('evaluating the dense model');
  const dense = stream ? undefined : await openLlama(source);
  const before = dense
    ? { ...(await perplexity(dense, evaluation, { window }, run)), modelBytes: dense.bytes }
    : await checkpointPerplexity(source, evaluation, { window }, run);
  const start = performance.now();
  const { layers, bytes, format } = dense
    ? await compressInMemory(plan, dense, run)
    : await compressStreamed(plan, run);
  const seconds = (performance.now() - start) / 1000;
  onStage('evaluating what was written');
  const written = await openCheckpoint(out, { codecs: plan.codecs });
  try {
    const after = await checkpointPerplexity(written, evaluation, { window }, run);
    return {
      format,
      before: {
        perplexity: before.perplexity,
        bytesOnDisk: await bytesOnDisk(source),
        bytesInMemory: before.modelBytes,
      },
      after: { perplexity: after.perplexity, bytesOnDisk: await bytesOnDisk(written), bytesInMemory: bytes },
      layers,
      seconds,
    };
  } finally {
    await written.close();
  }
}

/** Bytes of the files that hold the tensors of this checkpoint; a folder may hold others beside them. */
export async function bytesOnDisk({ tensors }: Checkpoint): Promise<number> {
  const files = new Set(tensors.names.map((name) => tensors.fileOf(name)));
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return bytes;
}

/** Removes what an interrupted run has left, so that the next one starts anew. */
export async function forgetLayers(out: string): Promise<void> {
  await rm(`${out}.layers`, { recursive: true, force: true });
}
