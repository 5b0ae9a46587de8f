import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerReport, RunOptions } from '@espalier/core';
import {
  type Checkpoint,
  checkpointPerplexity,
  codecName,
  type LlamaModel,
  openCheckpoint,
  openLlama,
  perplexity,
} from '@espalier/models';
import { writeAtomically } from '../atomic-write.js';
import { compressInMemory } from './compress-in-memory.js';
import { compressStreamed } from './compress-streamed.js';
import { tokensHash } from './content-hash.js';
import type { FolderCompression } from './folder-compression.js';
import {
  type DenseFigures,
  type LayerStore,
  layersFolder,
  openLayerStore,
  type Written,
} from './layer-store.js';

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
  /** Tokens of a window. */
  readonly window: number;
  /** Windows that the method looked at, and those that perplexity was measured on. */
  readonly calibrationWindows: number;
  readonly evaluationWindows: number;
  readonly before: ModelFigures;
  readonly after: ModelFigures;
  readonly layers: readonly LayerReport[];
  readonly seconds: number;
}

/**
 * Compresses a checkpoint folder into another: measures, compresses layer by layer, writes, opens what was written and measures that. All of
 * it grows in one folder beside the target, from which an interrupted run goes on; the target appears when it is complete, report included.
 */
export async function compressFolder(plan: FolderCompression, run: RunOptions): Promise<FolderReport> {
  const { out, settings: job, fresh, onWarning } = plan;
  const store = await openLayerStore(layersFolder(out), { job, fresh, onWarning });
  try {
    const report = await compressInto(store, plan, run);
    const text = JSON.stringify({ ...plan.about, ...report }, null, 2);
    await writeAtomically(join(store.checkpoint, 'compression-report.json'), `${text}\n`);
    await store.moveTo(out);
    return report;
  } finally {
    await store.release();
  }
}

async function compressInto(
  store: LayerStore,
  plan: FolderCompression,
  run: RunOptions,
): Promise<FolderReport> {
  const { source, evaluation, window, calibrationWindows, stream, form, onStage } = plan;
  const formName = form === 'dense' ? form : form.map(codecName).join();
  const earlier = await store.written(formName);
  const dense = stream || earlier ? undefined : await openLlama(source);
  const before = await measureDense(store, plan, dense, run);
  warnOfForeignText(plan, before.perplexity);
  if (earlier) plan.onResume('all layers are finished and written');
  const written = earlier ?? (await compressAndWrite(store, plan, dense, run));
  if (!earlier) await store.noteWritten(formName, written);
  onStage('evaluating what was written');
  const result = await openCheckpoint(store.checkpoint, { codecs: plan.codecs });
  try {
    const after = await checkpointPerplexity(result, evaluation, { window }, run);
    return {
      format: written.format,
      window,
      calibrationWindows,
      evaluationWindows: Math.floor(evaluation.length / window),
      before: {
        perplexity: before.perplexity,
        bytesOnDisk: await bytesOnDisk(source),
        bytesInMemory: before.modelBytes,
      },
      after: {
        perplexity: after.perplexity,
        bytesOnDisk: await bytesOnDisk(result),
        bytesInMemory: written.bytes,
      },
      layers: written.layers,
      seconds: written.seconds,
    };
  } finally {
    await result.close();
  }
}

/** Once: an interrupted run has kept it. */
async function measureDense(
  store: LayerStore,
  { source, evaluation, window, onStage }: FolderCompression,
  dense: LlamaModel | undefined,
  run: RunOptions,
): Promise<DenseFigures> {
  const text = `${window} ${tokensHash(evaluation, evaluation.length)}`;
  const earlier = await store.dense(text);
  if (earlier) return earlier;
  onStage('evaluating the dense model');
  const found = dense
    ? { ...(await perplexity(dense, evaluation, { window }, run)), modelBytes: dense.bytes }
    : await checkpointPerplexity(source, evaluation, { window }, run);
  const figures = { perplexity: found.perplexity, modelBytes: found.modelBytes };
  await store.noteDense(text, figures);
  return figures;
}

async function compressAndWrite(
  store: LayerStore,
  plan: FolderCompression,
  dense: LlamaModel | undefined,
  run: RunOptions,
): Promise<Written> {
  const start = performance.now();
  const compressed = dense
    ? await compressInMemory(plan, store, dense, run)
    : await compressStreamed(plan, store, run);
  return { ...compressed, seconds: (performance.now() - start) / 1000 };
}

/** A model that knows nothing of a text does as well as one that takes all tokens for equally likely. */
function warnOfForeignText({ source, onWarning }: FolderCompression, found: number): void {
  const { vocabularySize } = source.config;
  if (found > vocabularySize)
    onWarning(
      `The dense model has a perplexity of ${found.toFixed(0)} on the evaluation text, more than its ${vocabularySize} tokens: the text, or its tokens, are of another tokenizer or another kind, and the comparison says little.`,
    );
}

/** Bytes of the files that hold the tensors of this checkpoint; a folder may hold others beside them. */
export async function bytesOnDisk({ tensors }: Checkpoint): Promise<number> {
  const files = new Set(tensors.names.map((name) => tensors.fileOf(name)));
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return bytes;
}
