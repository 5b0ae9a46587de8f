import {
  type AnyAlgorithm,
  defineScenario,
  type Instance,
  InvalidProblemError,
  type JsonObject,
  type ScenarioContext,
  startRun,
} from '@espalier/core';
import { classification } from './tasks/classification.js';
import { clusters } from './tasks/clusters.js';
import { DIGITS, readDigits } from './tasks/digits.js';
import { languageModel, readText, TEXT } from './tasks/language-model.js';
import { QUADRATIC, quadratic } from './tasks/quadratic.js';
import { type TaskResult, trainTask } from './tasks/train-task.js';
import type { TrainingTask } from './tasks/training-task.js';

/** How a task is made; `kind` chooses the maker. */
type Parameters = { readonly learningRates: readonly number[]; readonly seed: number } & (
  | { readonly kind: 'quadratic'; readonly steps: number }
  | { readonly kind: 'digits' | 'clusters'; readonly hidden: readonly number[]; readonly epochs: number }
  | { readonly kind: 'text' | 'stories'; readonly steps: number }
);

/** A task with what it is tried at. */
interface Tuned {
  readonly task: TrainingTask;
  readonly learningRates: readonly number[];
  /** Of initial parameters and batches: the same for every algorithm. */
  readonly seed: number;
}

/** Half a decade apart: rates of one method differ from those of another by up to a thousand. */
const QUICK_RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const FULL_RATES = [0.0003, ...QUICK_RATES, 30];

/** Every optimizer at every learning rate of a grid: the loss that it reaches at its best one in a fixed number of steps. */
const trainingTasks = defineScenario<Tuned>({
  name: 'training-tasks',
  summary:
    'A quadratic, handwritten digits and a byte-level language model, trained for a fixed number of steps: the loss at the best learning rate.',
  kind: 'optimizer',
  score: { name: 'final loss', direction: 'minimize', scale: 'log' },
  data: [DIGITS, TEXT],
  instances,
  takes: ({ kind }) => kind === 'optimizer',
  async load({ parameters }, { data }) {
    const given = parameters as unknown as Parameters;
    const { learningRates, seed } = given;
    switch (given.kind) {
      case 'quadratic':
        return { task: quadratic({ ...QUADRATIC, steps: given.steps }), learningRates, seed };
      case 'text':
      case 'stories':
        return { task: languageModel(await readText(data), given.steps), learningRates, seed };
      default: {
        const samples = given.kind === 'digits' ? await readDigits(data) : clusters(1280, 320, seed);
        const { kind, hidden, epochs } = given;
        return { task: classification({ name: kind, data: samples, hidden, epochs }), learningRates, seed };
      }
    }
  },
  accepts: (algorithm, { task }) => acceptable(algorithm, task),
  async run(algorithm, options, { task, learningRates, seed }, { run, services, point, untimed }) {
    if (algorithm.kind !== 'optimizer') throw new InvalidProblemError(`${algorithm.name} is no optimizer.`);
    const state = startRun(run, services.clock);
    const results: (TaskResult & { readonly learningRate: number })[] = [];
    let steps = 0;
    let stopped = 'finished';
    for (const learningRate of learningRates) {
      state.throwIfAborted();
      const result = await trainTask(task, algorithm.create(options, services), learningRate, {
        seed,
        signal: run.signal,
        ...(run.timeLimitMs !== undefined && { timeLimitMs: Math.max(1, state.remainingMs()) }),
        untimed,
      });
      steps += result.steps;
      results.push({ ...result, learningRate });
      point(scoreOf(bestOf(results).loss), steps);
      if (result.stopped === 'time limit' || state.expired()) {
        stopped = 'time limit';
        break;
      }
    }
    const best = bestOf(results);
    const close = results.filter(({ loss }) => loss <= 2 * best.loss).length;
    return {
      score: scoreOf(best.loss),
      metrics: {
        ...best.metrics,
        learningRate: best.learningRate,
        learningRatesTried: results.length,
        learningRatesWithinTwice: close,
        learningRatesDiverged: results.filter((each) => each.stopped === 'diverged').length,
      },
      stopped,
    };
  },
});

async function instances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  const kind = (await data.has(DIGITS.path)) ? 'digits' : 'clusters';
  const quick = suite === 'quick';
  const rates = { learningRates: quick ? QUICK_RATES : FULL_RATES, seed: 0 };
  const list = [
    instance(
      'quadratic',
      { kind: 'quadratic', steps: quick ? 60 : QUADRATIC.steps, ...rates },
      quick ? 5 : 60,
    ),
    instance(
      `${kind}-perceptron`,
      { kind, hidden: [32], epochs: quick ? 2 : 20, ...rates },
      quick ? 10 : 300,
    ),
  ];
  if (quick) return list;
  list.push(instance(`${kind}-convex`, { kind, hidden: [], epochs: 20, ...rates }, 300));
  const text = (await data.has(TEXT.path)) ? 'text' : 'stories';
  const model = { kind: text, steps: 200, ...rates, learningRates: QUICK_RATES } as const;
  return [...list, instance(`${text}-language-model`, model, 900)];
}

function instance(name: string, parameters: Parameters, seconds: number): Instance {
  const source = parameters.kind === 'digits' || parameters.kind === 'text' ? 'real' : 'generated';
  return {
    name,
    source,
    parameters: parameters as unknown as JsonObject,
    timeLimitMs: 1_000 * seconds,
  };
}

/** True, or what the task lacks. */
function acceptable(algorithm: AnyAlgorithm, task: TrainingTask): true | string {
  if (algorithm.kind !== 'optimizer') return `${algorithm.name} is no optimizer.`;
  const { perSample, extra, logits } = algorithm.needs ?? {};
  if (perSample) return 'These tasks give gradients of mini-batches, not of single samples.';
  if (extra?.length) return `These tasks have no ${extra.join(', ')}.`;
  if (logits && !task.labels) return `The task ${task.name} has no labels.`;
  return true;
}

function bestOf<R extends TaskResult>(results: readonly R[]): R {
  return results.reduce((best, each) => (each.loss < best.loss ? each : best));
}

/** A logarithmic axis needs a positive number; squares of float32 end here. */
function scoreOf(loss: number): number {
  return Math.max(loss, 1e-38);
}

export default [trainingTasks];
