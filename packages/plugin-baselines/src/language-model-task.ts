import type { Instance, JsonObject, ScenarioContext } from '@espalier/core';
import {
  calibrationWindows,
  hasTestbedModel,
  openTestbedModel,
  type TestbedModel,
  type TestbedModelName,
  type TokenBatches,
  tokenBatches,
} from '@espalier/models';

/** A model with what it is calibrated and judged on. */
export interface LanguageModelTask extends Omit<TestbedModel, 'calibration'> {
  readonly instance: Instance;
  readonly suite: ScenarioContext['suite'];
  /** The first 64 windows of 256 tokens; 16 in the quick suite. */
  readonly calibration: TokenBatches;
}

/** A setting that every model is tried with. */
export interface Setting {
  readonly name: string;
  readonly parameters: JsonObject;
}

const WINDOW = 256;
const QUICK_WINDOWS = 16;

/** The real models, the first for the quick suite too. */
const REAL_MODELS: readonly TestbedModelName[] = ['stories260k', 'tinystories-656k'];

/** Every setting on the real models that are there, else on a model over bytes that is trained for the occasion. */
export async function modelInstances(
  { suite, data }: ScenarioContext,
  settings: readonly Setting[],
  timeLimitMs: number,
): Promise<readonly Instance[]> {
  const real: TestbedModelName[] = [];
  for (const name of suite === 'full' ? REAL_MODELS : REAL_MODELS.slice(0, 1))
    if (await hasTestbedModel(name, data)) real.push(name);
  const generated = suite === 'full' ? 'byte-model' : 'small-byte-model';
  return (real.length > 0 ? real : [generated]).flatMap((model) =>
    settings.map(({ name, parameters }) => ({
      name: `${model}, ${name}`,
      source: real.length > 0 ? ('real' as const) : ('generated' as const),
      parameters: { model, ...parameters },
      timeLimitMs,
    })),
  );
}

/** Loads the model of an instance. The quick suite calibrates and judges on the first 16 windows. */
export async function loadLanguageModel(
  instance: Instance,
  context: ScenarioContext,
): Promise<LanguageModelTask> {
  const name = instance.parameters['model'] as TestbedModelName;
  const { model, calibration, evaluation, bytesOf } = await openTestbedModel(name, context);
  const quick = context.suite === 'quick';
  return {
    instance,
    suite: context.suite,
    model,
    ...(bytesOf && { bytesOf }),
    evaluation: quick ? evaluation.subarray(0, WINDOW * QUICK_WINDOWS) : evaluation,
    calibration: tokenBatches(calibrationWindows(calibration, quick ? { count: QUICK_WINDOWS } : {})),
  };
}
