import type { Json, JsonObject } from '../json.js';
import type { WeightFormat } from './compressed-weight.js';
import type { Batches, CompressibleModel, NamedTensors } from './compressible-model.js';

/** What pruners and quantizers share of a request. */
export interface CompressionRequest {
  /** Unlabelled or labelled data to calibrate on; a method says when it needs them. */
  readonly calibration?: Batches;
  /** For methods that retrain: trains `model` in place, applying `afterStep` after each update. */
  readonly train?: Trainer;
  /** Only layers that this accepts; default all. */
  readonly layers?: (name: string) => boolean;
  /** State that an interrupted run stored through `onLayer`; what is there is not computed again. */
  readonly resume?: JsonObject;
  /** Called as soon as a layer is finished, so that it can be stored at once. */
  readonly onLayer?: (report: LayerReport) => Promise<void> | void;
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
  /** Method's own results: schedules, allocations, search history. */
  readonly details?: Json;
}
