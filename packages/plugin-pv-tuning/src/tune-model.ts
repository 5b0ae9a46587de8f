import {
  type CompressibleModel,
  InvalidProblemError,
  isEspalierError,
  NumericalError,
  type QuantizeRequest,
  type RandomSource,
  type RunState,
} from '@espalier/core';
import { Variable } from '@tensorflow/tfjs-core';
import { batchesFrom } from './batch-cursor.js';
import { type Goal, type Objective, objectiveOver } from './objective.js';
import type { QuantizedLayer } from './quantized-layer.js';
import { afterBatch, NOTHING_SEEN, type SeenData } from './seen-data.js';
import type { StepSettings } from './tuned-layer.js';
import { Tuning } from './tuning.js';
import { loadTuning, saveTuning, type TuningPoint } from './tuning-store.js';

/** See {@link tuneModel}. */
export interface TuningSettings {
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly objective: Objective;
  readonly microBatch?: number | undefined;
  readonly updateOthers: boolean;
  readonly step: StepSettings;
}

/** What tuning did. */
export interface Tuned {
  readonly steps: number;
  /** Of the validation data, before and at the state that was kept. */
  readonly before: number;
  readonly after: number;
  readonly bestStep: number;
  /** Tiles whose codes changed, summed over the steps. */
  readonly codesChanged: number;
  /** What it was trained on; the validation data apart. */
  readonly seen: SeenData;
  readonly history: readonly { readonly step: number; readonly value: number }[];
}

/**
 * Tunes the quantized layers of `student` in place against `teacher`: gradients by the dense matrices, then a step on each layer's continuous
 * numbers and codes, and on the other parameters. The state with the lowest validation value is what the student ends with, in stored form;
 * also when a step fails or the run is aborted.
 *
 * With a store the whole state is put there at every look at the validation data, and a later run goes on from it to the same result, bit for
 * bit: what is drawn at random depends on the seed and the step alone.
 *
 * @throws NumericalError when the loss or a gradient is not finite; AbortedError between steps
 */
export async function tuneModel(
  student: CompressibleModel,
  teacher: CompressibleModel,
  start: ReadonlyMap<string, QuantizedLayer>,
  request: Pick<QuantizeRequest, 'data' | 'calibration' | 'evaluate' | 'store'>,
  settings: TuningSettings,
  random: RandomSource,
  state: RunState,
): Promise<Tuned> {
  const { steps, evaluateEvery, updateOthers } = settings;
  const goal: Goal = { teacher, objective: settings.objective, microBatch: settings.microBatch };
  const tuning = new Tuning(student, start, settings.step, updateOthers ? otherVariables(student) : {});
  const { store } = request;
  const saved = store && (await loadTuning(store, tuning));
  let best = saved?.best ?? tuning.copy();
  try {
    let point = saved?.point ?? startingPoint(await judge(student, request, goal));
    for await (const { batch, next } of batchesFrom(request, point)) {
      if (point.step >= steps) break;
      await state.turn();
      if (state.expired()) break;
      const step = point.step + 1;
      const changed = await at(step, tuning.stepOn(batch, goal, random.fork(`step ${step}`)));
      const codesChanged = point.codesChanged + changed;
      point = { ...point, ...next, step, codesChanged, seen: afterBatch(point.seen, batch) };
      if (step % evaluateEvery === 0 || step === steps) {
        const value = await at(step, judge(student, request, goal));
        point = { ...point, history: [...point.history, { step, value }] };
        if (value < point.after) {
          best = tuning.copy();
          point = { ...point, bestStep: step, after: value };
        }
        if (store) await saveTuning(store, tuning, best, point);
      }
      state.report({ iteration: step, fraction: step / steps, value: point.after, message: 'tuning' });
    }
    const { step, before, after, bestStep, codesChanged, seen, history } = point;
    return { steps: step, before, after, bestStep, codesChanged, seen, history };
  } finally {
    tuning.finish(best);
  }
}

/** Says at which step arithmetic broke down. */
async function at<T>(step: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!isEspalierError(cause, 'numerical')) throw cause;
    throw new NumericalError(`Step ${step}: ${cause.message}`, { cause });
  }
}

const startingPoint = (value: number): TuningPoint => ({
  epoch: 0,
  position: 0,
  step: 0,
  before: value,
  after: value,
  bestStep: 0,
  codesChanged: 0,
  seen: NOTHING_SEEN,
  history: [{ step: 0, value }],
});

/** The value that chooses among states. @throws NumericalError when it is not finite */
async function judge(
  student: CompressibleModel,
  { data, calibration, evaluate }: Pick<QuantizeRequest, 'data' | 'calibration' | 'evaluate'>,
  goal: Goal,
): Promise<number> {
  const validation = data?.validation ?? calibration;
  if (!evaluate && !validation)
    throw new InvalidProblemError('Tuning needs validation data, calibration data or `evaluate`.');
  const value = evaluate ? await evaluate(student) : await objectiveOver(student, validation!, goal);
  if (!Number.isFinite(value)) throw new NumericalError(`The validation value is ${value}.`);
  return value;
}

function otherVariables(model: CompressibleModel): Readonly<Record<string, Variable>> {
  return Object.fromEntries(
    Object.entries(model.otherParameters()).filter(([, parameter]) => parameter instanceof Variable),
  );
}
