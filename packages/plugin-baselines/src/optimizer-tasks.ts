import {
  type Batch,
  createRandom,
  type DataFiles,
  type DataSet,
  type Instance,
  type ScenarioContext,
} from '@espalier/core';
import {
  byteTokenizer,
  createLlama,
  crossEntropy,
  generateStories,
  multilayerPerceptron,
  nextTokenBatches,
  type Samples,
  shuffledBatches,
  type Trainable,
  trainableModel,
  wholeBatch,
} from '@espalier/models';
import { mean, reshape, type Scalar, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** A model to be trained, its batches, and what judges it. */
export interface OptimizerTask {
  readonly instance: Instance;
  /** A new model with the same initial weights each time. */
  open(): Trainable & { dispose(): void };
  batch(step: number): Batch;
  readonly steps: number;
  /** Rates that are tried, the best counting. */
  readonly rates: readonly number[];
  /** Batches that the model does not see in training. */
  validation(): readonly Batch[];
  loss(logits: Tensor, batch: Batch): Scalar;
}

export const OPTIMIZER_DATA: readonly DataSet[] = [
  {
    path: 'digits',
    summary: 'Handwritten digits, 8 x 8.',
    origin: 'https://archive.ics.uci.edu/dataset/80 (CC BY 4.0)',
  },
  {
    path: 'bandit',
    summary: 'Prices of houses in California, eight features.',
    origin: 'https://lib.stat.cmu.edu/datasets/houses.zip',
  },
];

/** Rates from small to large, evenly spaced on a logarithmic scale: methods differ by orders of magnitude in what suits them. */
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/** The tasks by name; the quick suite has the first. */
export async function optimizerInstances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  const quick = suite === 'quick';
  const digits = await data.has('digits/digits.csv');
  const houses = await data.has('bandit/cadata.csv');
  const instances: Instance[] = [
    {
      name: digits ? 'digits' : 'generated classes',
      source: digits ? 'real' : 'generated',
      parameters: { task: 'classes', epochs: quick ? 4 : 20, rates: quick ? 3 : RATES.length },
      timeLimitMs: quick ? 10_000 : 600_000,
    },
    {
      name: houses ? 'house prices' : 'generated numbers',
      source: houses ? 'real' : 'generated',
      parameters: { task: 'numbers', epochs: 10, rates: RATES.length },
      timeLimitMs: 600_000,
    },
    {
      name: 'bytes of stories',
      source: 'generated',
      parameters: { task: 'bytes', steps: 300, rates: RATES.length },
      timeLimitMs: 1_200_000,
    },
  ];
  return quick ? instances.slice(0, 1) : instances;
}

/** Loads the task of an instance. */
export async function loadOptimizerTask(
  instance: Instance,
  { data }: ScenarioContext,
): Promise<OptimizerTask> {
  const { task, epochs, rates } = instance.parameters as { task: string; epochs: number; rates: number };
  const chosen = rates < RATES.length ? [0.003, 0.03, 0.3] : RATES;
  if (task === 'bytes') return bytesTask(instance, Number(instance.parameters['steps']), chosen);
  const [training, test] = task === 'classes' ? await classes(data) : await numbers(data);
  const size = 64;
  const predicts = task === 'classes' ? 'classes' : 'numbers';
  const widths = task === 'classes' ? [64, 32, 10] : [training.inputShape[0], 32, 1];
  return {
    instance,
    open: () => withDispose(multilayerPerceptron({ widths, predicts, seed: 1 })),
    batch: shuffledBatches(training, size, 2),
    steps: epochs * Math.floor(training.count / size),
    rates: chosen,
    validation: () => [wholeBatch(test)],
    loss: task === 'classes' ? crossEntropy : squaredError,
  };
}

function bytesTask(instance: Instance, steps: number, rates: readonly number[]): OptimizerTask {
  const tokenizer = byteTokenizer();
  const [training, test] = [200_000, 20_000].map((length, i) => tokenizer.encode(generateStories(length, i)));
  const config = {
    vocabularySize: tokenizer.vocabularySize,
    ...{ hiddenSize: 64, intermediateSize: 172, layers: 2, heads: 4, kvHeads: 2, headDim: 16 },
    ...{ contextLength: 128, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  };
  const held = nextTokenBatches(test, 16, 64, 3);
  return {
    instance,
    open() {
      const model = createLlama(config, { seed: 1 });
      return { ...trainableModel(model), dispose: () => model.dispose() };
    },
    batch: nextTokenBatches(training, 8, 64, 2),
    steps,
    rates,
    validation: () => [held(1), held(2)],
    loss: crossEntropy,
  };
}

function withDispose(trainable: Trainable): Trainable & { dispose(): void } {
  return {
    ...trainable,
    dispose() {
      for (const parameter of Object.values(trainable.parameters)) parameter.dispose();
    },
  };
}

function squaredError(predictions: Tensor, { targets }: Batch): Scalar {
  return tidy(() => mean(square(sub(predictions, reshape(targets!, predictions.shape)))));
}

/** Digits where they are present, else ten classes of noisy patterns; the first four fifths train. */
async function classes(data: DataFiles): Promise<[Samples, Samples]> {
  const rows = (await data.has('digits/digits.csv'))
    ? parseCsv(await data.read('digits/digits.csv')).map((row) => row.map((x, i) => (i < 64 ? x / 16 : x)))
    : patterns();
  const samples = (part: number[][]): Samples => ({
    count: part.length,
    inputs: Float32Array.from(part.flatMap((row) => row.slice(0, 64))),
    inputShape: [64],
    targets: Int32Array.from(part, (row) => row[64]),
    targetShape: [],
  });
  const cut = Math.floor(0.8 * rows.length);
  return [samples(rows.slice(0, cut)), samples(rows.slice(cut))];
}

/** 1,000 rows of 64 numbers near one of ten patterns, and its class. */
function patterns(): number[][] {
  const random = createRandom(7);
  const centres = Array.from({ length: 10 }, () => Array.from({ length: 64 }, () => random.uniform()));
  return Array.from({ length: 1_000 }, (_, i) => [
    ...centres[i % 10].map((x) => x + 0.7 * random.normal()),
    i % 10,
  ]);
}

/** House prices where they are present, else a smooth function of eight numbers; standardised. */
async function numbers(data: DataFiles): Promise<[Samples, Samples]> {
  const rows = (await data.has('bandit/cadata.csv'))
    ? parseCsv(await data.read('bandit/cadata.csv')).map(([price, ...features]) => [...features, price])
    : surface();
  const width = rows[0].length;
  const standard = rows[0].map((_, column) => {
    const values = rows.map((row) => row[column]);
    const average = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length) || 1;
    return { average, deviation };
  });
  const random = createRandom(11);
  const order = [...random.sample(rows.length, rows.length)];
  const samples = (part: number[]): Samples => {
    const scaled = part.map((i) => rows[i].map((x, c) => (x - standard[c].average) / standard[c].deviation));
    return {
      count: part.length,
      inputs: Float32Array.from(scaled.flatMap((row) => row.slice(0, width - 1))),
      inputShape: [width - 1],
      targets: Float32Array.from(scaled, (row) => row[width - 1]),
      targetShape: [1],
    };
  };
  const cut = Math.floor(0.8 * order.length);
  return [samples(order.slice(0, cut)), samples(order.slice(cut))];
}

function surface(): number[][] {
  const random = createRandom(5);
  return Array.from({ length: 2_000 }, () => {
    const x = Array.from({ length: 8 }, () => random.normal());
    return [...x, Math.sin(x[0]) + x[1] * x[2] + 0.5 * x[3] ** 2 + 0.1 * random.normal()];
  });
}

/** Rows of numbers without a line of names; an empty cell gets the median of its column. */
function parseCsv(bytes: Uint8Array): number[][] {
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  const rows = lines.map((line) =>
    line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell))),
  );
  for (let column = 0; column < rows[0].length; column++) {
    const known = rows.map((row) => row[column]).filter((x) => !Number.isNaN(x));
    if (known.length === rows.length) continue;
    const median = known.sort((a, b) => a - b)[known.length >> 1];
    for (const row of rows) if (Number.isNaN(row[column])) row[column] = median;
  }
  return rows;
}
