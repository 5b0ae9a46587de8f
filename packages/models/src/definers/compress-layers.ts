import {
  type CaptureRequest,
  type Clock,
  type CompressedWeight,
  type CompressibleModel,
  type CompressionReport,
  type CompressionRequest,
  InvalidProblemError,
  type LayerReport,
  type LayerStatistics,
  type LinearLayer,
  type RandomSource,
  type RunOptions,
  type RunState,
  type Services,
  type StoredWeight,
  startRun,
} from '@espalier/core';
import { restoreWeight } from '../weights/restore.js';
import { outputErrorOf } from './output-error.js';

/** What a layerwise method asks of the calibration data: `none` of it, sums of squares a channel, X^T X, or the inputs themselves. */
export type Gather = 'none' | 'squares' | 'hessian' | 'inputs';

/** One layer, as a layerwise method sees it. */
export interface LayerTask {
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  /** Row-major `[out, in]`, finite; a copy that the method may change. */
  readonly matrix: Float32Array;
  /** Present unless the method gathers `none`. */
  readonly statistics?: LayerStatistics;
  /** A stream of this layer's own: independent of the order of layers. */
  readonly random: RandomSource;
  /** Throws when the run was aborted; long methods call it between steps that wait for nothing. */
  throwIfAborted(): void;
  /** The same after a turn of the event loop, without which no signal fires: see `RunState.turn` of core. */
  turn(partial?: () => unknown): Promise<void>;
  /** Whether the time limit has passed: a method that gets better with time stops with what it has. */
  expired(): boolean;
  /** Reports the share of this layer that is done, in [0, 1], and the quantity that is driven down. */
  progress(fraction: number, value?: number): void;
}

/** What a layerwise method made of a layer. */
export interface CompressedLayer {
  readonly weight: CompressedWeight;
  /** The method's own figures for the report. */
  readonly details?: LayerReport['details'];
}

/** How {@link compressLayers} goes through a model. */
export interface LayerwiseMethod {
  readonly gather: Gather;
  /** Whether a layer sees inputs that come through the compressed layers before it. */
  readonly propagate: boolean;
  compress(task: LayerTask): CompressedLayer | Promise<CompressedLayer>;
  /** Reads the method's own stored forms back; default those of this package. */
  readonly restore?: (stored: StoredWeight) => CompressedWeight;
}

/**
 * Compresses a copy of `model` layer by layer: gathers the statistics that the method asks for, compresses, replaces, reports.
 * Layers that `request.store` already holds are taken from there. What is in memory beyond both models is one layer's working set.
 *
 * @throws InvalidProblemError when calibration data are missing or a weight or statistic is not finite
 * @throws AbortedError between layers and wherever the method asks
 */
export async function compressLayers(
  model: CompressibleModel,
  request: CompressionRequest,
  method: LayerwiseMethod,
  run: RunOptions,
  services: Services,
): Promise<CompressionReport> {
  const state = startRun(run, services.clock);
  const layers = model.layers().filter(({ name }) => request.layers?.(name) ?? true);
  if (method.gather !== 'none' && request.calibration === undefined)
    throw new InvalidProblemError('This method needs calibration data: `calibration` of the request.');
  const result = model.clone();
  const walk: Walk = {
    result,
    request,
    method,
    state,
    clock: services.clock,
    total: layers.length,
    reports: [],
  };
  const random = services.random(run.seed);
  try {
    for await (const [layer, statistics] of visits(model, result, layers, request, method, state)) {
      await state.turn();
      try {
        await compressOne(walk, layer, statistics, random.fork(layer.name));
      } finally {
        statistics?.inputs?.dispose();
      }
    }
  } catch (error) {
    result.dispose();
    throw error;
  }
  return {
    model: result,
    layers: walk.reports,
    droppedBlocks: [],
    bytesBefore: model.bytes,
    bytesAfter: result.bytes,
    stopped: state.expired() ? 'time limit' : 'finished',
  };
}

interface Walk {
  readonly result: CompressibleModel;
  readonly request: CompressionRequest;
  readonly method: LayerwiseMethod;
  readonly state: RunState;
  readonly clock: Clock;
  readonly total: number;
  readonly reports: LayerReport[];
}

/** The layers in turn, each with its statistics, gathered when the layer is asked for. */
async function* visits(
  model: CompressibleModel,
  result: CompressibleModel,
  layers: readonly LinearLayer[],
  { calibration }: CompressionRequest,
  { gather, propagate }: LayerwiseMethod,
  state: RunState,
): AsyncGenerator<readonly [LinearLayer, LayerStatistics | undefined]> {
  if (gather === 'none' || layers.length === 0) {
    for (const layer of layers) yield [layer, undefined];
    return;
  }
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const request: CaptureRequest = {
    layers: [...byName.keys()],
    gather: [gather],
    propagate,
    turn: () => state.turn(),
  };
  for await (const [name, statistics] of (propagate ? result : model).capture(calibration!, request))
    yield [byName.get(name)!, statistics];
}

async function compressOne(
  { result, request, method, state, clock, total, reports }: Walk,
  { name, shape: [outputs, inputs], weight }: LinearLayer,
  statistics: LayerStatistics | undefined,
  random: RandomSource,
): Promise<void> {
  const start = clock.now();
  const report = (fraction: number, value?: number) => {
    const done = (reports.length + fraction) / total;
    state.report({
      iteration: reports.length,
      fraction: done,
      message: name,
      ...(value !== undefined && { value }),
    });
  };
  const matrix = await denseValues(weight);
  requireFinite(name, matrix, statistics);
  const stored = await request.store?.get(name);
  const compressed: CompressedLayer = stored
    ? { weight: (method.restore ?? restoreWeight)(stored) }
    : await method.compress({
        name,
        outputs,
        inputs,
        matrix: matrix.slice(),
        ...(statistics && { statistics }),
        random,
        throwIfAborted: () => state.throwIfAborted(),
        turn: (partial) => state.turn(partial),
        expired: () => state.expired(),
        progress: report,
      });
  const after = await denseValues(compressed.weight);
  const layerReport: LayerReport = {
    layer: name,
    format: compressed.weight.format,
    sparsity: zerosOf(after) / after.length,
    bitsPerWeight: (8 * compressed.weight.bytes) / after.length,
    bytes: compressed.weight.bytes,
    ...outputErrorOf(matrix, after, inputs, statistics),
    seconds: (clock.now() - start) / 1000,
    ...(compressed.details && { details: compressed.details }),
  };
  result.replaceWeight(name, compressed.weight);
  reports.push(layerReport);
  if (!stored && request.store && compressed.weight.store)
    await request.store.put(name, await compressed.weight.store());
  await request.onLayer?.(layerReport, compressed.weight);
  report(0);
}

/** The dense matrix that a weight stands for, row-major. */
export async function denseValues(weight: CompressedWeight): Promise<Float32Array> {
  const dense = weight.toDense();
  try {
    return Float32Array.from(await dense.data<'float32'>());
  } finally {
    dense.dispose();
  }
}

function zerosOf(values: Float32Array): number {
  let zeros = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === 0) zeros++;
  return zeros;
}

function requireFinite(layer: string, matrix: Float32Array, statistics: LayerStatistics | undefined): void {
  const at = firstNotFinite(matrix);
  if (at >= 0)
    throw new InvalidProblemError(`The weight of ${layer} is not finite: element ${at} is ${matrix[at]}.`);
  for (const what of ['squares', 'hessian'] as const)
    if (firstNotFinite(statistics?.[what] ?? []) >= 0)
      throw new InvalidProblemError(`The calibration data give ${layer} inputs that are not finite.`);
}

/** Index of the first number that is not finite; -1 where all are. */
function firstNotFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
