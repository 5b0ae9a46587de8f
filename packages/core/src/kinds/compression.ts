import type { Json, JsonObject } from '../json.js';
import type { CompressedWeight, StoredWeight, WeightFormat } from './compressed-weight.js';
import type {
  Batches,
  CompressibleModel,
  GradientRequest,
  NamedTensors,
  TokenRouting,
} from './compressible-model.js';
import type { Optimizer } from './optimizer.js';

/** What pruners and quantizers share of a request. */
export interface CompressionRequest {
  /** Unlabelled or labelled data to calibrate on; a method says when it needs them. */
  readonly calibration?: Batches;
  /** For methods that retrain: trains `model` in place, applying `afterStep` after each update. */
  readonly train?: Trainer;
  /** For methods with a training loop of their own. */
  readonly data?: TrainingData;
  /** The untrained or early model that rewinding methods go back to. */
  readonly initial?: CompressibleModel;
  /** Judges a model, smaller is better: chooses among states. */
  readonly evaluate?: (model: CompressibleModel) => Promise<number>;
  /** Only layers that this accepts; default all. */
  readonly layers?: (name: string) => boolean;
  /** Holds finished layers and levels by key: what an interrupted run left there is not computed again. */
  readonly store?: ArtifactStore;
  /** Called as soon as a layer is finished, so that it can be written at once. */
  readonly onLayer?: (report: LayerReport, weight: CompressedWeight) => Promise<void> | void;
}

/** A place for weights outside memory. */
export interface ArtifactStore {
  get(key: string): Promise<StoredWeight | undefined>;
  put(key: string, weight: StoredWeight): Promise<void>;
}

/** Training data that a method can shuffle and read in several streams. */
export interface TrainingData {
  readonly batchesPerEpoch: number;
  epoch(index: number, seed: number): Batches;
  readonly validation?: Batches;
}

/** Trains a model in place; supplied by the caller of methods that retrain or learn masks. */
export interface Trainer {
  train(
    model: CompressibleModel,
    options: TrainOptions,
  ): Promise<{ readonly loss: number; readonly steps: number }>;
}

/** One stretch of training. */
export interface TrainOptions {
  /** Either epochs over the trainer's data or a number of steps. */
  readonly epochs?: number;
  readonly steps?: number;
  readonly learningRate?: number;
  /** Default the model's own loss. */
  readonly objective?: GradientRequest['objective'];
  /** Default the trainer's own. */
  readonly optimizer?: Optimizer;
  readonly onEpoch?: (model: CompressibleModel, epoch: number) => Promise<void> | void;
  /** May change gradients before the update: masks, straight-through estimators. */
  readonly onGradients?: (gradients: NamedTensors, step: number) => NamedTensors;
  /** Called after each update, to project weights back onto a constraint. */
  readonly afterStep?: (model: CompressibleModel, step: number) => void;
}

/** What was done to one layer. */
export interface LayerReport {
  readonly layer: string;
  readonly format: WeightFormat;
  /** Share of zeros in the dense matrix that the stored weight stands for. */
  readonly sparsity: number;
  /** Stored bits an element, everything counted. */
  readonly bitsPerWeight: number;
  readonly bytes: number;
  /** Relative squared error of the layer's output on the calibration data, where it was measured. */
  readonly outputError?: number;
  readonly seconds: number;
  /** Method's own figures. */
  readonly details?: JsonObject;
}

/** What a pruner or quantizer did. */
export interface CompressionReport {
  /** The compressed model; the input model is unchanged. */
  readonly model: CompressibleModel;
  readonly layers: readonly LayerReport[];
  /** Blocks that were dropped. */
  readonly droppedBlocks: readonly string[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** `time limit` when the search or training was cut short: the model is the best until then. */
  readonly stopped?: 'finished' | 'time limit';
  readonly multiplyAdds?: { readonly before: number; readonly after: number };
  readonly routing?: TokenRouting;
  /** Method's own results: schedules, allocations, search history. */
  readonly details?: Json;
}
