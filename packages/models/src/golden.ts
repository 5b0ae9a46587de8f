import {
  type DataFiles,
  type GoldenContext,
  type GoldenFile,
  type GoldenRunner,
  type GoldenRunners,
  InvalidDataError,
  type Json,
  type Tolerance,
} from '@espalier/core';
import { softmaxCrossEntropy } from '@espalier/kernels';
import { reshape, slice, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { consecutiveWindows, tokenBatches, tokensFromBytes } from './calibration/token-windows.js';
import { memoryFolder } from './checkpoint/file-folder.js';
import { openCheckpoint } from './checkpoint/open-checkpoint.js';
import { perplexity } from './evaluate/perplexity.js';
import { generate } from './generate/generate.js';
import { openLlama } from './llama/build-llama.js';
import type { LlamaModel } from './llama/llama-model.js';

/** What every case names: a model of the data folder. */
interface Case {
  readonly model: string;
}

interface LogitsCase extends Case {
  readonly tokens: readonly number[];
  readonly logitsAtPositions: Readonly<Record<string, readonly number[]>>;
}

interface GreedyCase extends Case {
  readonly prompt: readonly number[];
  readonly newTokens: number;
}

interface MomentsCase extends Case {
  readonly split: string;
  readonly window: number;
  readonly windows: number;
  readonly layers: Readonly<Record<string, { readonly diagonal: readonly number[] }>>;
}

interface PerplexityCase extends Case {
  readonly split: string;
  readonly window: number;
}

/** Logits at some positions, argmax at all, and the negative log-likelihood of each next token. */
const logits = runner<LogitsCase>(async (model, { tokens, logitsAtPositions }) => {
  const inputs = tensor2d([...tokens], [1, tokens.length], 'int32');
  const [scores, losses] = tidy(() => {
    const all = reshape(model.logits({ inputs }), [tokens.length, -1]);
    const predicting = slice(all, [0, 0], [tokens.length - 1, all.shape[1] ?? 0]);
    return [all, softmaxCrossEntropy(predicting, tensor1d(tokens.slice(1), 'int32'))] as const;
  });
  const [values, negativeLogLikelihood] = [await scores.data(), await losses.data()];
  const classes = scores.shape[1] ?? 0;
  for (const tensor of [inputs, scores, losses]) tensor.dispose();
  const row = (position: number) => values.subarray(position * classes, (position + 1) * classes);
  return {
    logitsAtPositions: Object.fromEntries(
      Object.keys(logitsAtPositions).map((position) => [position, [...row(Number(position))]]),
    ),
    argmax: tokens.map((_, position) => argmaxOf(row(position))),
    negativeLogLikelihood: [...negativeLogLikelihood],
  };
});

/** The prompt, continued greedily. */
const greedy = runner<GreedyCase>(async (model, { prompt, newTokens }) => {
  const { tokens } = await generate(model, prompt, { maxNewTokens: newTokens });
  return { tokens: [...tokens] };
});

/** h_j = 2 mean x_j^2 of each layer's inputs over the first windows. */
const moments = runner<MomentsCase>(async (model, { window, windows, layers }, tokens) => {
  const batches = tokenBatches(consecutiveWindows(await tokens(), window).slice(0, windows));
  const found: Record<string, Json> = {};
  try {
    const request = { layers: Object.keys(layers), gather: ['squares'] } as const;
    for await (const [layer, { rows, squares = new Float64Array() }] of model.capture(batches, request)) {
      const h = squares.map((sum) => (2 * sum) / rows);
      const shown = layers[layer].diagonal.length;
      found[layer] = { diagonal: [...h.subarray(0, shown)], trace: h.reduce((a, b) => a + b, 0), rows };
    }
  } finally {
    batches.dispose();
  }
  return { layers: found };
});

/** Perplexity by the protocol. */
const perplexities = runner<PerplexityCase>(async (model, { window }, tokens) => {
  const measured = await perplexity(model, await tokens(), { window });
  return { perplexity: measured.perplexity };
});

const golden: GoldenRunners = { logits, greedy, moments, perplexity: perplexities };
export default golden;

/** A runner that computes each case with its model; every model is opened once a file. */
function runner<C extends Case>(
  compute: (
    model: LlamaModel,
    one: C,
    tokens: () => Promise<Uint16Array>,
  ) => Promise<{ [name: string]: Json }>,
): GoldenRunner {
  return {
    async run(file, { data }: GoldenContext) {
      const models = new Map<string, LlamaModel>();
      const cases: Json[] = [];
      try {
        for (const one of casesOf<C>(file)) {
          const model = models.get(one.model) ?? (await openModel(data, one.model));
          models.set(one.model, model);
          const split = 'split' in one ? String(one.split) : 'eval';
          const path = `${one.model}/tokens_${split}.u16`;
          cases.push(await compute(model, one, async () => tokensFromBytes(await data.read(path))));
        }
      } finally {
        for (const model of models.values()) model.dispose();
      }
      return { cases };
    },
    tolerance: (path, file) => toleranceAt(path, file),
  };
}

function casesOf<C>(file: GoldenFile): readonly C[] {
  if (Array.isArray(file.cases) && file.cases.length > 0) return file.cases as readonly C[];
  throw new InvalidDataError(`A file of the kind '${file.kind}' has a list of cases; this one has none.`);
}

/** A model of the data folder. @throws InvalidDataError when the folder is not given or lacks it */
async function openModel(data: DataFiles, name: string): Promise<LlamaModel> {
  if (!(await data.has(`${name}/config.json`)))
    throw new InvalidDataError(
      `The model ${name} is taken from the data folder, which is absent or lacks it.`,
      {
        remedy: 'Name the folder: --data DIR, or the environment variable ESPALIER_DATA.',
      },
    );
  const wanted = (await data.list(name)).filter((file) => /\.(json|safetensors)$/.test(file));
  const files = await Promise.all(
    wanted.map(async (file) => [file, await data.read(`${name}/${file}`)] as const),
  );
  const checkpoint = await openCheckpoint(memoryFolder(Object.fromEntries(files), name));
  try {
    return await openLlama(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** The tolerance that the file states for a kind of number: absolute for logits, relative for moments and perplexities, none for tokens. */
function toleranceAt(path: readonly (string | number)[], { tolerance }: GoldenFile): Tolerance {
  const stated = (name: string) =>
    Number((tolerance as Readonly<Record<string, Json>> | undefined)?.[name] ?? 0);
  if (path.includes('logitsAtPositions')) return { absolute: stated('logits'), relative: 0 };
  if (path.includes('negativeLogLikelihood'))
    return { absolute: stated('negativeLogLikelihood'), relative: 0 };
  if (path.includes('perplexity')) return { absolute: 0, relative: stated('perplexityRelative') };
  if (path.includes('diagonal') || path.includes('trace'))
    return { absolute: 0, relative: stated('moments') };
  return { absolute: 0, relative: 0 };
}

function argmaxOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
