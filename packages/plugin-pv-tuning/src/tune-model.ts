import {
  type Batch,
  type Batches,
  type CompressibleModel,
  InvalidProblemError,
  type NamedTensors,
  NumericalError,
  type QuantizeRequest,
  type RandomSource,
  type RunState,
  UnsupportedError,
} from '@espalier/core';
import { denseWeight } from '@espalier/models';
import { dispose, tensor, tensor2d, tidy, Variable, variable } from '@tensorflow/tfjs-core';
import { adamStepInPlace, createMoments, type Moments } from './adam.js';
import { type CodebookLayer, fromTiles, toTiles } from './codebook-layer.js';
import { codebookWeight } from './codebook-weight.js';
import { type Objective, objectiveAgainst, objectiveOver } from './objective.js';
import { type StepSettings, TunedLayer } from './tuned-layer.js';

/** See {@link tuneModel}. */
export interface TuningSettings {
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly objective: Objective;
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
  readonly history: readonly { readonly step: number; readonly value: number }[];
}

/**
 * Tunes the quantized layers of `student` in place against `teacher`: gradients by the dense matrices, then a step on each layer's codebooks,
 * scales and codes, and on the other parameters. The state with the lowest validation value is what the student ends with, in stored form.
 *
 * @throws NumericalError when the loss or a gradient is not finite; AbortedError between steps
 */
export async function tuneModel(
  student: CompressibleModel,
  teacher: CompressibleModel,
  start: ReadonlyMap<string, CodebookLayer>,
  request: QuantizeRequest,
  settings: TuningSettings,
  random: RandomSource,
  state: RunState,
): Promise<Tuned> {
  if (!student.gradients) throw new UnsupportedError('This model gives no gradients to tune by.');
  const tuning = new Tuning(student, start, settings);
  const validation = request.data?.validation ?? request.calibration;
  const judge = async (): Promise<number> => {
    if (request.evaluate) return request.evaluate(student);
    if (!validation)
      throw new InvalidProblemError('Tuning needs validation data, calibration data or `evaluate`.');
    return objectiveOver(student, teacher, validation, settings.objective);
  };
  const before = await judge();
  const history = [{ step: 0, value: before }];
  let [best, bestStep, after, step, codesChanged] = [tuning.copy(), 0, before, 0, 0];
  for await (const batch of repeated(request, settings.steps)) {
    state.throwIfAborted();
    if (state.expired()) break;
    step++;
    codesChanged += await tuning.step(teacher, batch, step, random);
    if (step % settings.evaluateEvery === 0 || step === settings.steps) {
      const value = await judge();
      if (!Number.isFinite(value))
        throw new NumericalError(`Step ${step}: the validation value is ${value}.`);
      history.push({ step, value });
      if (value < after) [best, bestStep, after] = [tuning.copy(), step, value];
    }
    state.report({ iteration: step, fraction: step / settings.steps, value: after, message: 'tuning' });
  }
  tuning.finish(best);
  return { steps: step, before, after, bestStep, codesChanged, history };
}

/** Codes and continuous parameters of all layers, and the other parameters by name. */
interface Snapshot {
  readonly layers: ReadonlyMap<string, CodebookLayer>;
  readonly others: ReadonlyMap<string, Float64Array>;
}

class Tuning {
  readonly #layers = new Map<string, { readonly tuned: TunedLayer; readonly matrix: Variable }>();
  readonly #others = new Map<
    string,
    { readonly parameter: Variable; readonly values: Float64Array; readonly moments: Moments }
  >();

  constructor(
    readonly student: CompressibleModel,
    start: ReadonlyMap<string, CodebookLayer>,
    readonly settings: TuningSettings,
  ) {
    for (const [name, layer] of start) {
      const tuned = new TunedLayer(layer, settings.step);
      const matrix = tidy(() => variable(matrixOf(tuned, layer)));
      student.replaceWeight(name, denseWeight(matrix));
      this.#layers.set(name, { tuned, matrix });
    }
    if (!settings.updateOthers) return;
    for (const [name, parameter] of Object.entries(student.otherParameters()))
      if (parameter instanceof Variable) {
        const values = Float64Array.from(parameter.dataSync());
        this.#others.set(name, { parameter, values, moments: createMoments(values.length) });
      }
  }

  /** One step on one batch. @returns the tiles whose codes changed */
  async step(teacher: CompressibleModel, batch: Batch, step: number, random: RandomSource): Promise<number> {
    const { objective, updateOthers, step: settings } = this.settings;
    const { objective: against, release } = objectiveAgainst(teacher, batch, objective);
    const { loss, gradients } = this.student.gradients!(batch, {
      mode: 'evaluate',
      of: updateOthers ? ['dense', 'other'] : ['dense'],
      ...(against && { objective: against }),
    });
    release();
    let changed = 0;
    try {
      const [value] = await loss.data();
      if (!Number.isFinite(value)) throw new NumericalError(`Step ${step}: the loss is ${value}.`);
      for (const [name, { tuned, matrix }] of this.#layers) {
        const gradient = await finiteGradient(gradients, name, step);
        if (!gradient) continue;
        const { layout } = tuned.copy();
        changed += tuned.step(toTiles(gradient, layout), random);
        tidy(() => matrix.assign(matrixOf(tuned, { layout })));
      }
      for (const [name, { parameter, values, moments }] of this.#others) {
        const gradient = await finiteGradient(gradients, name, step);
        if (!gradient) continue;
        adamStepInPlace(values, gradient, moments, step, settings.continuous);
        assignValues(parameter, values);
      }
    } finally {
      dispose([loss, ...Object.values(gradients)]);
    }
    return changed;
  }

  copy(): Snapshot {
    return {
      layers: new Map([...this.#layers].map(([name, { tuned }]) => [name, tuned.copy()])),
      others: new Map([...this.#others].map(([name, { values }]) => [name, values.slice()])),
    };
  }

  /** The student in stored form, at a state. */
  finish({ layers, others }: Snapshot): void {
    for (const [name, layer] of layers) this.student.replaceWeight(name, codebookWeight(layer));
    for (const [name, values] of others) assignValues(this.#others.get(name)!.parameter, values);
  }
}

const matrixOf = (tuned: TunedLayer, { layout }: Pick<CodebookLayer, 'layout'>) =>
  tensor2d(Float32Array.from(fromTiles(tuned.tiles, layout)), [layout.outputs, layout.inputs]);

function assignValues(parameter: Variable, values: Float64Array): void {
  tidy(() => parameter.assign(tensor(Float32Array.from(values), parameter.shape)));
}

async function finiteGradient(
  gradients: NamedTensors,
  name: string,
  step: number,
): Promise<Float32Array | undefined> {
  const gradient = gradients[name];
  if (!gradient) return undefined;
  const values = await gradient.data<'float32'>();
  if (!values.every(Number.isFinite))
    throw new NumericalError(`Step ${step}: the gradient of ${name} is not finite.`);
  return values;
}

/** The batches of the training or calibration data, again and again, `steps` in all. */
async function* repeated({ data, calibration }: QuantizeRequest, steps: number): AsyncGenerator<Batch> {
  for (let [epoch, step] = [0, 0]; step < steps; epoch++) {
    const batches: Batches | undefined = data?.epoch(epoch, 0) ?? calibration;
    const atStart = step;
    for await (const batch of batches ?? []) {
      if (step++ >= steps) break;
      yield batch;
    }
    if (step === atStart) throw new InvalidProblemError('There is no batch to tune on.');
  }
}
