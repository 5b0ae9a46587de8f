import type { CompressedWeight, RunOptions, StoredWeight, WeightCodec } from '@espalier/core';
import {
  codecName,
  denseValues,
  type LlamaModel,
  type PackedLayers,
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

const WEIGHT = /\.weight$/;

/** The whole model at once: what methods that look at more than one layer need. Takes over `dense`. */
export async function compressInMemory(
  plan: FolderCompression,
  store: LayerStore,
  dense: LlamaModel,
  run: RunOptions,
): Promise<Compressed> {
  const { source, job, accepts, onStage, form } = plan;
  const supervision = supervise(plan, store);
  const batches = calibrationBatches(plan);
  try {
    onStage('compressing');
    const { store: kept, onLayer } = supervision;
    const report = await job(dense, { calibration: batches, layers: accepts, store: kept, onLayer }, run);
    dense.dispose();
    try {
      onStage('writing');
      const others = report.model.otherParameters();
      const weights = new Map(report.model.layers().map(({ name, weight }) => [name, weight]));
      const packed = form === 'dense' ? undefined : await packedLayers(weights, form);
      await rewriteCheckpoint(
        source,
        store.checkpoint,
        {
          packed,
          edit: async ({ name, values }) => {
            const weight = weights.get(name.replace(WEIGHT, ''));
            if (weight) return denseValues(weight);
            // Methods that tune may have moved norms, biases and embeddings too.
            const other = others[name === source.embedding ? 'model.embed_tokens.weight' : name];
            return other ? Float32Array.from(await other.data()) : values;
          },
        },
        run,
      );
      const format = packed ? codecName(packed.codec) : 'dense';
      return { layers: supervision.reports(), bytes: report.model.bytes, format };
    } finally {
      report.model.dispose();
    }
  } finally {
    batches.dispose();
  }
}

/** The layers that are not dense, and what writes them. */
async function packedLayers(
  weights: ReadonlyMap<string, CompressedWeight>,
  codecs: readonly WeightCodec[],
): Promise<PackedLayers> {
  const stored = [...weights].filter(([, { format, store }]) => format !== 'dense' && store);
  const outlines = new Map<string, StoredWeight>();
  for (const [name, weight] of stored) {
    const { format, shape, attributes } = await weight.store!();
    outlines.set(name, { format, shape, attributes, arrays: {} });
  }
  const codec = requireCodec(outlines, codecs);
  return { codec, layers: new Map(stored.map(([name, weight]) => [name, () => weight.store!()])) };
}
