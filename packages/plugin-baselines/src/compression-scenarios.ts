import {
  type AnyAlgorithm,
  type CompressionReport,
  type CompressionRequest,
  defineScenario,
  type JsonObject,
  type Scenario,
  type ScoreAxis,
  type SparsityPattern,
  type Trial,
  type TrialOutcome,
} from '@espalier/core';
import { consecutiveWindows, divergence, perplexity, storedShare, TESTBED_DATA } from '@espalier/models';
import {
  type LanguageModelTask,
  loadLanguageModel,
  modelInstances,
  type Setting,
} from './language-model-task.js';

const PERPLEXITY: ScoreAxis = { name: 'perplexity', direction: 'minimize', scale: 'log' };

const PATTERNS: readonly Setting[] = [
  { name: '2:4', parameters: { n: 2, m: 4 } },
  { name: '50 %', parameters: { sparsity: 0.5 } },
];

/**
 * Option sets for methods whose defaults are for other models than these, or that are worth two lines of the report. The others run with
 * their first example.
 */
const OPTIONS: Readonly<Record<string, readonly JsonObject[]>> = {
  // Blocks of up to 128 are for layers of some thousands: here they would take more bytes than the dense model.
  armor: [{ blockSize: { upTo: 4 }, iterations: 500, learningRate: 1e-3 }],
  gptq: [{}, { actOrder: true }],
};

const optionsFor = ({ name, examples }: AnyAlgorithm): JsonObject | readonly JsonObject[] =>
  OPTIONS[name] ?? (Object.values(examples ?? {})[0] as JsonObject | undefined) ?? {};

/** All pruners at the same share of zeros, calibrated on the same windows. */
export const pruneLanguageModel: Scenario<LanguageModelTask> = defineScenario({
  name: 'prune-language-model',
  summary: 'Perplexity of a small language model after pruning, 2:4 and at 50 %.',
  kind: 'pruner',
  score: PERPLEXITY,
  data: TESTBED_DATA,
  takes: ({ kind }) => kind === 'pruner',
  instances: (context) =>
    modelInstances(
      context,
      context.suite === 'full' ? PATTERNS : PATTERNS.slice(0, 1),
      limitOf(context.suite),
    ),
  options: optionsFor,
  load: loadLanguageModel,
  accepts: () => true,
  async run(algorithm, options, task, trial) {
    if (algorithm.kind !== 'pruner') throw new TypeError(`${algorithm.name} is no pruner.`);
    const { n, m, sparsity } = task.instance.parameters as { n?: number; m?: number; sparsity?: number };
    const pattern: SparsityPattern = n !== undefined && m !== undefined ? { n, m } : 'unstructured';
    const request = { ...common(task), pattern, ...(sparsity !== undefined && { sparsity }) };
    const pruner = algorithm.create(options, trial.services);
    return judged(task, await pruner.prune(task.model, request, trial.run), trial);
  },
});

const WIDTHS: readonly Setting[] = [3, 2, 4].map((bits) => ({ name: `${bits} bits`, parameters: { bits } }));

/** All quantizers at the same nominal width; what is stored in all is reported beside. */
export const quantizeLanguageModel: Scenario<LanguageModelTask> = defineScenario({
  name: 'quantize-language-model',
  summary: 'Perplexity of a small language model after quantizing to 2, 3 and 4 bits.',
  kind: 'quantizer',
  score: PERPLEXITY,
  data: TESTBED_DATA,
  takes: ({ kind }) => kind === 'quantizer',
  instances: (context) =>
    modelInstances(context, context.suite === 'full' ? WIDTHS : WIDTHS.slice(0, 1), limitOf(context.suite)),
  options: optionsFor,
  load: loadLanguageModel,
  accepts: () => true,
  async run(algorithm, options, task, trial) {
    if (algorithm.kind !== 'quantizer') throw new TypeError(`${algorithm.name} is no quantizer.`);
    const request = { ...common(task), bits: Number(task.instance.parameters['bits']) };
    const quantizer = algorithm.create(options, trial.services);
    return judged(task, await quantizer.quantize(task.model, request, trial.run), trial);
  },
});

const limitOf = (suite: 'quick' | 'full') => (suite === 'full' ? 600_000 : 5_000);

const common = ({ calibration }: LanguageModelTask): CompressionRequest => ({ calibration });

const QUICK_DIVERGENCE_WINDOWS = 8;

/** Perplexity, bits a byte, divergence and bytes of what came out; the clock stands still meanwhile. */
async function judged(
  { model, evaluation, suite, bytesOf }: LanguageModelTask,
  report: CompressionReport,
  trial: Trial,
): Promise<TrialOutcome> {
  return trial.untimed(async () => {
    try {
      const options = { ...(bytesOf && { bytesOf }) };
      const dense = await perplexity(model, evaluation, options);
      const after = await perplexity(report.model, evaluation, options);
      const all = consecutiveWindows(evaluation, 256);
      const windows = suite === 'full' ? all : all.slice(0, QUICK_DIVERGENCE_WINDOWS);
      const { mean } = await divergence(model, report.model, windows);
      const weights = report.model.layers().reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
      const bytes = report.model.layers().reduce((sum, { weight }) => sum + weight.bytes, 0);
      return {
        score: after.perplexity,
        metrics: {
          densePerplexity: dense.perplexity,
          ...(after.bitsPerByte !== undefined && { bitsPerByte: after.bitsPerByte }),
          ...(dense.bitsPerByte !== undefined && { denseBitsPerByte: dense.bitsPerByte }),
          divergence: mean,
          storedShare: storedShare(report.model, model),
          bitsPerWeight: (8 * bytes) / weights,
          seconds: report.layers.reduce((sum, { seconds }) => sum + seconds, 0),
        },
        stopped: report.stopped ?? 'finished',
      };
    } finally {
      report.model.dispose();
    }
  });
}
