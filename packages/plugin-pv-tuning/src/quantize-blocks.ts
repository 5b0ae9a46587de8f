import {
  type ArtifactStore,
  type CompressibleModel,
  type CompressionReport,
  InvalidProblemError,
  type LayerReport,
  type QuantizeRequest,
  type ResidualBlock,
  type RunOptions,
  type Services,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { compressLayers, type LayerwiseMethod } from '@espalier/models';
import { type BlockInput, type BlockSettings, outputOf, type TunedBlock, tuneBlock } from './block-tuning.js';
import { layersOf, reportsOf } from './layer-reports.js';
import { putOthers, takeOthers } from './other-store.js';
import { restoreQuantized } from './quantized-layer.js';

/** Layers that are compressed together: those of one block, or some outside of all blocks. */
interface Group {
  readonly names: readonly string[];
  readonly blocks: readonly ResidualBlock[];
}

/**
 * Compresses block after block; each block is tuned before the next one is compressed. A store keeps finished blocks, with the norms as they were
 * after them.
 *
 * @throws UnsupportedError for a model without blocks or without hidden states
 */
export async function quantizeBlocks(
  model: CompressibleModel,
  request: QuantizeRequest,
  method: LayerwiseMethod,
  settings: BlockSettings,
  run: RunOptions,
  services: Services,
): Promise<CompressionReport> {
  const state = startRun(run, services.clock);
  if (!model.forward || model.blocks().length === 0)
    throw new UnsupportedError('This model has no blocks to tune one by one.', {
      remedy: 'Leave tuneBlocks out.',
    });
  if (!request.calibration)
    throw new InvalidProblemError('Tuning blocks needs calibration data: `calibration` of the request.');
  const { onLayer, store, calibration, ...rest } = request;
  let result = model.clone();
  const reports: LayerReport[] = [];
  const tuned: TunedBlock[] = [];
  const inputs: BlockInput[] = [];
  try {
    for await (const batch of calibration) inputs.push({ batch });
    for (const { names, blocks } of groupsOf(model)) {
      const compressed = await compressLayers(
        result,
        {
          ...rest,
          calibration,
          layers: (name) => names.includes(name) && (request.layers?.(name) ?? true),
          ...inside(store),
        },
        method,
        run,
        services,
      );
      result.dispose();
      result = compressed.model;
      const norms = `block/${names[0]}`;
      const taken = await takeFinished(result, compressed.layers, norms, store);
      if (blocks.length > 0) {
        const layers = await layersOf(result, compressed.layers);
        if (!taken && layers.size > 0)
          tuned.push(await tuneBlock(result, model, blocks, layers, inputs, settings, state));
        advance(result, blocks, inputs);
      }
      // The norms first: a block counts as finished when its last layer is there.
      if (!taken && store) await putOthers(store, norms, result);
      for (const [report, weight] of await reportsOf(result, compressed.layers)) {
        reports.push(report);
        if (!taken && store) await store.put(report.layer, await weight.store!());
        await onLayer?.(report, weight);
      }
    }
  } catch (error) {
    result.dispose();
    throw error;
  } finally {
    for (const { hidden } of inputs) hidden?.dispose();
  }
  return {
    model: result,
    layers: reports,
    droppedBlocks: [],
    bytesBefore: model.bytes,
    bytesAfter: result.bytes,
    stopped: state.expired() ? 'time limit' : 'finished',
    details: { blocks: tuned.map((block) => ({ ...block })) },
  };
}

/** Consecutive layers of one block; `attention` and `mlp` of one index are one block. */
function groupsOf(model: CompressibleModel): readonly Group[] {
  const blocks = model.blocks().filter(({ active }) => active);
  const indexOf = new Map(model.blocks().map(({ name, index }) => [name, index]));
  const groups: { names: string[]; readonly index: number | undefined }[] = [];
  for (const { name, block } of model.layers()) {
    const index = block === undefined ? undefined : indexOf.get(block);
    const last = groups.at(-1);
    if (last && last.index === index) last.names.push(name);
    else groups.push({ names: [name], index });
  }
  return groups.map(({ names, index }) => ({
    names,
    blocks: blocks.filter((block) => block.index === index),
  }));
}

/** What a block is before it is tuned is kept apart. */
const inside = (store: ArtifactStore | undefined) =>
  store && {
    store: {
      get: (key: string) => store.get(`block/untuned/${key}`),
      put: (key: string, weight: Parameters<ArtifactStore['put']>[1]) =>
        store.put(`block/untuned/${key}`, weight),
    },
  };

/** Puts the layers that an earlier run finished into the model, with the norms after them. @returns whether they were all there */
async function takeFinished(
  model: CompressibleModel,
  layers: readonly LayerReport[],
  norms: string,
  store: ArtifactStore | undefined,
): Promise<boolean> {
  if (!store || layers.length === 0) return false;
  const found = await Promise.all(layers.map(async ({ layer }) => [layer, await store.get(layer)] as const));
  if (found.some(([, stored]) => !stored)) return false;
  for (const [layer, stored] of found) model.replaceWeight(layer, restoreQuantized(stored!));
  await takeOthers(store, norms, model);
  return true;
}

/** Moves the hidden states past a block. */
function advance(model: CompressibleModel, blocks: readonly ResidualBlock[], inputs: BlockInput[]): void {
  inputs.forEach((input, i) => {
    const hidden = outputOf(model, blocks, input);
    input.hidden?.dispose();
    inputs[i] = { batch: input.batch, hidden };
  });
}
