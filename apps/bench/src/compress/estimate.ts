import {
  isEspalierError,
  type LayerReport,
  type RunOptions,
  type StoredWeight,
  type WeightCodec,
} from '@espalier/core';
import {
  type Checkpoint,
  calibrationWindows,
  codecName,
  ELEMENT_BYTES,
  type LlamaModel,
  type MemoryEstimate,
  memoryEstimate,
  openLlama,
  perplexity,
  tokenBatches,
} from '@espalier/models';
import type { CompressionJob } from './compression-job.js';
import { chooseCodec } from './file-form.js';
import { linearLayers } from './layer-choice.js';

/** See {@link estimate}. */
export interface EstimateRequest {
  readonly source: Checkpoint;
  readonly job: CompressionJob;
  readonly codecs: readonly WeightCodec[];
  /** Only layers that this accepts are compressed. */
  readonly accepts: (layer: string) => boolean;
  readonly calibration: ArrayLike<number>;
  readonly evaluation: ArrayLike<number>;
  readonly window: number;
  readonly calibrationWindows: number;
  readonly onStage: (stage: string) => void;
}

/** What a compression will take, and what it will give. */
export interface Estimate {
  readonly memory: MemoryEstimate;
  /** Bytes of the hidden states while perplexity is measured one decoder layer at a time, and at most in all then. */
  readonly evaluationMemory: { readonly hiddenStates: number; readonly peak: number };
  /** Seconds to compress; how they were found stands in `sample`. */
  readonly compressing: number;
  /** Seconds to measure perplexity before and after. */
  readonly evaluating: number;
  readonly sample: Sample;
  /** Bytes of the tensors in the files, header left out. */
  readonly disk: {
    /** With every weight as a matrix. */
    readonly dense: number;
    /** Absent: the reason stands in `packedReason`. */
    readonly packed?: { readonly format: string; readonly bytes: number };
    readonly packedReason?: string;
  };
}

/** What was measured: the model with its first decoder layer alone. */
export interface Sample {
  readonly seconds: number;
  /** The share of the sample that was finished when it was cut short; 1: all. */
  readonly finished: number;
  /** Multiply-adds a token of the linear layers of all decoder layers, over those of the sample. */
  readonly multiplyAdds: number;
}

/** A sample that takes longer is cut short. */
const SAMPLE_SECONDS = 60;
/** One that was faster than this is repeated: the first run pays for what is compiled and allocated. */
const REPEAT_BELOW_SECONDS = 3;
const EVALUATED_WINDOWS = 8;

/**
 * Runs the method on the model with its first decoder layer alone, with all the calibration data, and scales by multiply-adds: time of
 * the decoder layers is alike, and what does not grow with them (embedding, head) is counted with them, so the figure is on the high side
 * for methods that run the whole model.
 */
export async function estimate(request: EstimateRequest, run: RunOptions): Promise<Estimate> {
  const { source, window, evaluation, onStage } = request;
  const { config } = source;
  onStage('measuring a sample');
  const model = await openLlama({ ...source, config: { ...config, layers: 1 } });
  try {
    const evaluated = await secondsOf(() => evaluateSome(model, evaluation, window, run));
    const measured = await measureSample(request, model, run);
    const tokens = Math.min(request.calibration.length, window * request.calibrationWindows);
    const ratio = multiplyAddsRatio(source, request.accepts);
    const whole = multiplyAddsOf(model, config.layers) / multiplyAddsOf(model, 1);
    const windows = Math.floor(evaluation.length / window);
    const share = windows / Math.min(windows, EVALUATED_WINDOWS);
    const memory = memoryEstimate(config, tokens);
    // Before and behind a layer one batch stands in both; embedding, head and the first layer stay, one layer comes and goes.
    const hiddenStates = 4 * windows * window * config.hiddenSize;
    return {
      memory,
      evaluationMemory: { hiddenStates, peak: model.bytes + memory.layer + hiddenStates },
      compressing: (measured.seconds / measured.finished) * ratio,
      evaluating: 2 * evaluated * share * whole,
      sample: { seconds: measured.seconds, finished: measured.finished, multiplyAdds: ratio },
      disk: { dense: denseBytes(source), ...measured.packed },
    };
  } finally {
    model.dispose();
  }
}

interface Measured {
  readonly seconds: number;
  readonly finished: number;
  readonly packed: Pick<Estimate['disk'], 'packed' | 'packedReason'>;
}

async function measureSample(
  request: EstimateRequest,
  model: LlamaModel,
  run: RunOptions,
): Promise<Measured> {
  const { calibration, window, calibrationWindows: count } = request;
  const batches = tokenBatches(calibrationWindows(calibration, { window, count }));
  try {
    const first = await runSample(request, model, batches, run);
    if (first.finished < 1 || first.seconds > REPEAT_BELOW_SECONDS) return first;
    return { ...first, seconds: (await runSample(request, model, batches, run)).seconds };
  } finally {
    batches.dispose();
  }
}

async function runSample(
  { job, source, codecs, accepts }: EstimateRequest,
  model: LlamaModel,
  calibration: ReturnType<typeof tokenBatches>,
  run: RunOptions,
): Promise<Measured> {
  const { layers } = source.config;
  const limit = new AbortController();
  const signal = run.signal ? AbortSignal.any([run.signal, limit.signal]) : limit.signal;
  const clock = createPhaseClock(() => limit.abort());
  const done: LayerReport[] = [];
  try {
    const report = await job(
      model,
      { calibration, layers: sampled(accepts, layers), onLayer: (layer) => void done.push(layer) },
      { ...run, signal, onProgress: ({ fraction }) => clock.at(fraction) },
    );
    const seconds = clock.seconds();
    const weights = report.model.layers();
    try {
      const stored = new Map<string, StoredWeight>();
      for (const { name, weight } of weights)
        if (weight.format !== 'dense' && weight.store) stored.set(name, await weight.store());
      return { seconds, finished: 1, packed: packedSize(source, stored, codecs, accepts) };
    } finally {
      report.model.dispose();
    }
  } catch (error) {
    if (!limit.signal.aborted || run.signal?.aborted || !isEspalierError(error, 'aborted')) throw error;
    const packed = { packedReason: 'not known: the sample was cut short' };
    return { seconds: clock.seconds(), finished: clock.finished(), packed };
  }
}

/** Follows the progress of a run whose fraction may start again when a second phase begins. */
function createPhaseClock(onLimit: () => void) {
  const start = performance.now();
  const now = () => (performance.now() - start) / 1000;
  let [phaseStart, fraction] = [0, 0];
  return {
    at(reported = fraction) {
      if (reported < fraction) phaseStart = now();
      fraction = reported;
      // Without any progress there is nothing to scale: then the sample goes on.
      if (now() > SAMPLE_SECONDS && fraction > 0) onLimit();
    },
    seconds: now,
    /** The share of the whole run that has passed, if the phase at hand is the last. */
    finished(): number {
      const [passed, inPhase] = [now(), now() - phaseStart];
      return passed / (phaseStart + inPhase / fraction);
    },
  };
}

async function evaluateSome(
  model: LlamaModel,
  tokens: ArrayLike<number>,
  window: number,
  run: RunOptions,
): Promise<void> {
  const some = Array.from(
    { length: Math.min(tokens.length, window * EVALUATED_WINDOWS) },
    (_, i) => tokens[i]!,
  );
  await perplexity(model, some, { window }, run);
}

/** The second of two runs: the first pays for what is compiled. */
async function secondsOf(work: () => Promise<void>): Promise<number> {
  await work();
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Of a model with so many decoder layers, from the one that has one. */
function multiplyAddsOf({ config, multiplyAdds }: LlamaModel, layers: number): number {
  const head = config.vocabularySize * config.hiddenSize;
  return (multiplyAdds - head) * layers + head;
}

const denseBytes = ({ tensors }: Checkpoint): number =>
  tensors.names.reduce((sum, name) => sum + tensors.info(name).bytes, 0);

/** The layer of the first decoder layer in the place of this one, and the layers of all decoder layers in the place of that. */
const inFirst = (layer: string) => layer.replace(/\.layers\.\d+\./, '.layers.0.');
const alike = (first: string, layers: number): readonly string[] =>
  Array.from({ length: layers }, (_, i) => first.replace('.layers.0.', `.layers.${i}.`));

/** Of the first decoder layer what is compressed in any. */
const sampled =
  (accepts: (layer: string) => boolean, layers: number) =>
  (name: string): boolean =>
    alike(name, layers).some(accepts);

/** Multiply-adds of all layers that are compressed over those of the sample: the number of decoder layers where none is left out. */
function multiplyAddsRatio(source: Checkpoint, accepts: (layer: string) => boolean): number {
  const sizeOf = (layer: string) => source.tensors.info(`${layer}.weight`).shape.reduce((a, b) => a * b, 1);
  const total = (layers: readonly string[]) => layers.reduce((sum, layer) => sum + sizeOf(layer), 0);
  const all = linearLayers(source);
  const first = all.filter((layer) => inFirst(layer) === layer);
  return total(all.filter(accepts)) / total(first.filter(sampled(accepts, source.config.layers)));
}

/** Bytes of the tensors where the layers are written in their stored form; all decoder layers take what the first takes. */
function packedSize(
  { tensors, config }: Checkpoint,
  stored: ReadonlyMap<string, StoredWeight>,
  codecs: readonly WeightCodec[],
  accepts: (layer: string) => boolean,
): Pick<Estimate['disk'], 'packed' | 'packedReason'> {
  let codec: WeightCodec;
  try {
    codec = chooseCodec(stored, codecs);
  } catch (error) {
    return { packedReason: (error as Error).message };
  }
  const isLayer = (name: string) => {
    const layer = name.replace(/\.weight$/, '');
    return accepts(layer) && stored.has(inFirst(layer));
  };
  let bytes = 0;
  for (const name of tensors.names) {
    if (isLayer(name)) continue;
    const { dtype, shape } = tensors.info(name);
    bytes += shape.reduce((a, b) => a * b, 1) * ELEMENT_BYTES[codec.dtype ?? dtype];
  }
  for (const [layer, weight] of stored) {
    const type = codec.dtype ?? tensors.info(`${layer}.weight`).dtype;
    const numbers = type === 'F16' || type === 'BF16' ? type : 'F32';
    const one = Object.values(codec.encode(weight, numbers)).reduce(
      (sum, { dtype, shape }) => sum + shape.reduce((a, b) => a * b, 1) * ELEMENT_BYTES[dtype as 'U8'],
      0,
    );
    bytes += alike(layer, config.layers).filter(accepts).length * one;
  }
  return { packed: { format: codecName(codec), bytes } };
}
