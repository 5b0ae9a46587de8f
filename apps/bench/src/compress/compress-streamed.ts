import {
  type CompressedWeight,
  InvalidDataError,
  type RunOptions,
  type StoredWeight,
  startRun,
  type WeightCodec,
} from '@espalier/core';
import {
  codecName,
  compressCheckpoint,
  createCheckpointWriter,
  denseValues,
  rewriteCheckpoint,
} from '@espalier/models';
import { requireCodec } from './file-form.js';
import {
  type Compressed,
  calibrationBatches,
  type FolderCompression,
  supervise,
} from './folder-compression.js';
import type { LayerStore } from './layer-store.js';

/** One decoder layer at a time. */
export async function compressStreamed(
  plan: FolderCompression,
  store: LayerStore,
  run: RunOptions,
): Promise<Compressed> {
  return plan.form === 'dense'
    ? streamedDense(plan, store, run)
    : streamedPacked(plan, store, plan.form, run);
}

/** Each layer is written as soon as it is finished. */
async function streamedDense(
  plan: FolderCompression,
  store: LayerStore,
  run: RunOptions,
): Promise<Compressed> {
  const { source, job, settings, accepts, onStage } = plan;
  const state = startRun(run);
  const supervision = supervise(plan, store);
  const batches = calibrationBatches(plan);
  const { tensors } = source;
  const planned = tensors.names.map((name) => ({ name, ...tensors.info(name) }));
  const { quantization_config: _, compression_config: __, ...config } = source.config.source;
  const writer = await createCheckpointWriter(store.checkpoint, planned, {
    shardOf: (name) => tensors.fileOf(name),
    metadata: 'format' in tensors.metadata ? tensors.metadata : undefined,
    copyFrom: source.files,
    config,
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
        layers: accepts,
        store: supervision.store,
        onLayer: supervision.onLayer,
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
    for (const name of tensors.names) {
      await state.turn();
      await write(name, () => tensors.read(name));
    }
    onStage('writing');
    await writer.finish();
    return { layers: supervision.reports(), bytes: report.bytesAfter + others, format: 'dense' };
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    batches.dispose();
  }
}

/** All layers go into the store first, since their sizes in the files are known only then; from there one at a time into the files. */
async function streamedPacked(
  plan: FolderCompression,
  store: LayerStore,
  codecs: readonly WeightCodec[],
  run: RunOptions,
): Promise<Compressed> {
  const { source, job, accepts, onStage } = plan;
  const supervision = supervise(plan, store);
  const batches = calibrationBatches(plan);
  const outlines = new Map<string, StoredWeight>();
  let others = 0;
  try {
    onStage('compressing');
    const report = await compressCheckpoint(
      {
        source,
        calibration: batches,
        compress: job,
        layers: accepts,
        store: supervision.store,
        onLayer: supervision.onLayer,
        sink: {
          async layer(name, weight) {
            if (weight.format === 'dense' || !weight.store) return;
            const { arrays: _, ...outline } = await keep(store, name, weight);
            outlines.set(name, { ...outline, arrays: {} });
          },
          tensor(_name, { data }) {
            others += data.byteLength;
          },
        },
      },
      run,
    );
    onStage('writing');
    const codec = requireCodec(outlines, codecs);
    const layers = new Map([...outlines.keys()].map((name) => [name, () => fromStore(store, name)]));
    await rewriteCheckpoint(source, store.checkpoint, { packed: { codec, layers } }, run);
    return { layers: supervision.reports(), bytes: report.bytesAfter + others, format: codecName(codec) };
  } finally {
    batches.dispose();
  }
}

/** The stored form, which the method as a rule has put there already. */
async function keep(store: LayerStore, name: string, weight: CompressedWeight): Promise<StoredWeight> {
  const stored = await weight.store!();
  if (!(await store.has(name))) await store.put(name, stored);
  return stored;
}

async function fromStore(store: LayerStore, name: string): Promise<StoredWeight> {
  const stored = await store.get(name);
  if (stored) return stored;
  throw new InvalidDataError(`The finished layer ${name} has disappeared from the folder of layers.`, {
    remedy: 'Run the same command again: only that layer is computed anew.',
  });
}
