import {
  type ClaimContext,
  createRandom,
  defineClaim,
  deriveSeed,
  type Measurements,
  type OptionsSchema,
  type PrunerAlgorithm,
  type Verdict,
} from '@espalier/core';
import {
  calibrationWindows,
  openTestbedModel,
  perplexity,
  storedShare,
  TESTBED_DATA,
  type TestbedModelName,
  tokenBatches,
} from '@espalier/models';
import { magnitude, sparseGpt, wanda } from '@espalier/models/baselines';
import { armor } from './armor.js';
import { type ArmorSettings, armorLayer } from './armor-layer.js';
import { initialMask } from './initial-mask.js';
import { nowagP } from './nowag-p.js';

const PAPER_SETTING = 'Llama and Qwen models, block 128, 20,000 iterations, 128 sequences of SlimPajama';
const PATTERN = { n: 2, m: 4 };

/** On small models blocks of 128 would be the whole matrix: smaller ones stand for them. */
const small = (upTo: number, iterations: number) =>
  ({ blockSize: { upTo }, iterations, learningRate: 1e-3, patience: 100_000 }) as const;

/** A method, its options, and whether it prunes to as many bytes as ARMOR took before it, without a pattern, rather than to 2:4. */
type Contestant = readonly [
  algorithm: PrunerAlgorithm<string, OptionsSchema>,
  options: object,
  target?: 'bytes of armor',
];

/** Prunes a testbed model with each method and measures perplexity, bytes and, for ARMOR, proxy losses. */
async function comparePruners(
  name: TestbedModelName,
  contestants: Readonly<Record<string, Contestant>>,
  { data, services, seed, signal, onProgress }: ClaimContext,
  windows: number,
): Promise<Measurements> {
  const { model, calibration, evaluation } = await openTestbedModel(name, {
    data,
    cacheFolder: services.cacheFolder,
  });
  const judged = evaluation.subarray(0, 256 * windows);
  const batches = tokenBatches(calibrationWindows(calibration));
  const measured: Record<string, number> = {};
  try {
    measured['dense'] = (await perplexity(model, judged)).perplexity;
    for (const [label, [algorithm, options, target]] of Object.entries(contestants)) {
      onProgress?.(`${name}: ${label}`);
      const pruner = algorithm.create(options, services);
      // Values and a bit for each weight: a share 1 - sparsity + 1 / 32 of float32.
      const request = target
        ? { pattern: 'unstructured' as const, sparsity: Math.max(0, 1 + 1 / 32 - measured['armor.share']) }
        : { pattern: PATTERN };
      const report = await pruner.prune(model, { ...request, calibration: batches }, { seed, signal });
      measured[label] = (await perplexity(report.model, judged)).perplexity;
      measured[`${label}.share`] = storedShare(report.model, model);
      if (algorithm === (armor as unknown)) {
        const details = report.layers.map(
          (layer) => layer.details as { initialProxyLoss: number; proxyLoss: number },
        );
        details.forEach(({ initialProxyLoss, proxyLoss }, i) => {
          measured[`layer${i}.before`] = initialProxyLoss;
          measured[`layer${i}.after`] = proxyLoss;
        });
        measured[`${label}.loss`] =
          details.reduce((sum, { proxyLoss }) => sum + proxyLoss, 0) / details.length;
      }
      report.model.dispose();
    }
  } finally {
    batches.dispose();
    model.dispose();
  }
  return measured;
}

/** Layers whose proxy loss fell, of all. */
function improved(measured: Measurements): { better: number; of: number } {
  const layers = Object.keys(measured).filter((name) => name.startsWith('layer') && name.endsWith('.before'));
  const better = layers.filter((name) => measured[name.replace('.before', '.after')] < measured[name]).length;
  return { better, of: layers.length };
}

const round = (value: number) => Number(value.toPrecision(4));

/** A layer with outputs of unequal size and inputs of unequal power, as layers of language models have. */
function heavyTailedLayer(rows: number, columns: number, seed: number) {
  const random = createRandom(seed);
  const power = Float64Array.from({ length: columns }, () => Math.exp(random.normal()));
  const scale = Float64Array.from({ length: rows }, () => Math.exp(0.5 * random.normal()));
  const weight = Float64Array.from({ length: rows * columns }, (_, i) => {
    const tail = Math.exp(0.5 * random.normal());
    return scale[Math.floor(i / columns)] * tail * random.normal();
  });
  return { weight, moments: power };
}

const proxyLoss = defineClaim({
  name: 'proxy-loss',
  tier: 'quick',
  statement:
    'On six generated layers of 64 x 128, 2:4, blocks of 16, the proxy loss ends below that of NoWag-P on every one.',
  paper: { figure: 'never above the loss of NoWag-P (proved)', setting: PAPER_SETTING },
  async measure({ seed, signal }) {
    const settings: ArmorSettings = {
      blockOut: 16,
      blockIn: 16,
      pattern: PATTERN,
      iterations: 150,
      learningRate: 1e-3,
      continuousUpdates: 1,
      sparseUpdates: 1,
      selection: { rule: 'random', norm: 'L1' },
      wrappers: 'both',
      optimizer: 'adam',
      patience: 100,
      relativeTolerance: 1e-6,
      absoluteTolerance: 1e-8,
      keepBest: true,
    };
    const measured: Record<string, number> = {};
    for (let i = 0; i < 6; i++) {
      signal?.throwIfAborted();
      const { weight, moments } = heavyTailedLayer(64, 128, 100 * seed + i);
      const mask = initialMask(weight, 128, moments, PATTERN, 0.5);
      const result = armorLayer(
        weight,
        128,
        moments,
        mask,
        settings,
        createRandom(deriveSeed(seed, 'armor', i)),
      );
      measured[`layer${i}.before`] = result.initialLoss;
      measured[`layer${i}.after`] = result.loss;
    }
    return measured;
  },
  figure: (measured) => meanLosses(measured),
  judge(measured) {
    const { better, of } = improved(measured);
    return {
      verdict: better === of ? 'holds' : better > 0 ? 'partly' : 'does not hold',
      reason: `Below on ${better} of ${of} layers; ${meanLosses(measured)}.`,
    };
  },
});

function meanLosses(measured: Measurements): string {
  const mean = (ending: string) => {
    const losses = Object.entries(measured).filter(
      ([name]) => name.startsWith('layer') && name.endsWith(ending),
    );
    return losses.reduce((sum, [, loss]) => sum + loss, 0) / losses.length;
  };
  return `mean proxy loss ${round(mean('.before'))} -> ${round(mean('.after'))}`;
}

const BASELINES = ['magnitude', 'wanda', 'nowag-p', 'sparsegpt'] as const;
/** SparseGPT without a pattern, at the bytes of ARMOR. */
const EQUAL_BYTES = 'sparsegpt at equal bytes';

const perplexityClaim = defineClaim({
  name: 'perplexity',
  tier: 'quick',
  statement:
    'On stories260k at 2:4, blocks up to 16, 150 iterations, the perplexity of ARMOR is below those of magnitude, Wanda, NoWag-P and SparseGPT at 2:4, and its proxy loss falls on every layer; what SparseGPT without a pattern reaches at as many bytes stands beside it.',
  paper: { figure: 'gap to the dense model about half of the best 2:4 baseline', setting: PAPER_SETTING },
  data: TESTBED_DATA,
  measure: (context) =>
    comparePruners(
      'stories260k',
      {
        magnitude: [magnitude, {}],
        wanda: [wanda, {}],
        'nowag-p': [nowagP, {}],
        sparsegpt: [sparseGpt, {}],
        armor: [armor, small(16, 150)],
        [EQUAL_BYTES]: [sparseGpt, {}, 'bytes of armor'],
      },
      context,
      24,
    ),
  figure: showPerplexities,
  judge(measured) {
    const { better, of } = improved(measured);
    const beaten = BASELINES.filter((name) => measured['armor'] < measured[name]);
    return judgeComparison(measured, beaten.length === BASELINES.length && better === of, beaten.length > 0);
  },
});

function judgeComparison(measured: Measurements, holds: boolean, partly: boolean): Verdict {
  const best = Math.min(...BASELINES.map((name) => measured[name]));
  const equal = measured[EQUAL_BYTES];
  const share = (measured['armor'] - measured['dense']) / (best - measured['dense']);
  return {
    verdict: holds ? 'holds' : partly ? 'partly' : 'does not hold',
    reason:
      `Gap to the dense model ${round(share)} of that of the best 2:4 baseline; proxy loss lower on ` +
      `${improved(measured).better} of ${improved(measured).of} layers. Wrappers of this size are a large part of so small a model: ` +
      `it takes ${percent(measured['armor.share'])} of the dense bytes, bare 2:4 ${percent(measured['sparsegpt.share'])}` +
      (equal === undefined
        ? '.'
        : `; at as many bytes SparseGPT without a pattern has ${round(equal)}, ${equal < measured['armor'] ? 'which is better where 2:4 itself is not needed' : 'which is worse too'}.`),
  };
}

const percent = (share = Number.NaN) => `${round(100 * share)} %`;

function showPerplexities(measured: Measurements): string {
  return ['dense', ...BASELINES, 'armor', EQUAL_BYTES]
    .filter((name) => measured[name] !== undefined)
    .map((name) => `${name} ${round(measured[name])}`)
    .join(', ');
}

const BLOCKS = [4, 8, 16, 32] as const;

const blockSizesClaim = defineClaim({
  name: 'block-sizes',
  tier: 'full',
  statement:
    'On stories260k, 300 iterations, the mean proxy loss falls as the blocks grow from 4 to 8, 16 and 32.',
  paper: { figure: 'larger blocks are better', setting: PAPER_SETTING },
  data: TESTBED_DATA,
  async measure(context) {
    const contestants = Object.fromEntries(BLOCKS.map((size) => [`block${size}`, [armor, small(size, 300)]]));
    return comparePruners('stories260k', contestants as never, context, 1_000);
  },
  figure: (measured) =>
    series(
      measured,
      BLOCKS.map((size) => `block${size}`),
    ),
  judge: (measured) =>
    judgeFalling(
      measured,
      BLOCKS.map((size) => `block${size}`),
    ),
});

const ITERATIONS = [100, 300, 1000] as const;

const iterationsClaim = defineClaim({
  name: 'iterations',
  tier: 'full',
  statement:
    'On tinystories-656k, blocks up to 32, the mean proxy loss falls with 100, 300 and 1,000 iterations.',
  paper: { figure: 'more iterations are better, up to 20,000', setting: PAPER_SETTING },
  data: TESTBED_DATA,
  async measure(context) {
    const contestants = Object.fromEntries(
      ITERATIONS.map((count) => [`iterations${count}`, [armor, small(32, count)]]),
    );
    return comparePruners('tinystories-656k', contestants as never, context, 1_000);
  },
  figure: (measured) =>
    series(
      measured,
      ITERATIONS.map((count) => `iterations${count}`),
    ),
  judge: (measured) =>
    judgeFalling(
      measured,
      ITERATIONS.map((count) => `iterations${count}`),
    ),
});

const series = (measured: Measurements, names: readonly string[]) =>
  names
    .map(
      (name) =>
        `${name}: loss ${round(measured[`${name}.loss`])}${measured[name] === undefined ? '' : `, perplexity ${round(measured[name])}`}`,
    )
    .join('; ');

function judgeFalling(measured: Measurements, names: readonly string[]): Verdict {
  const falls = names
    .slice(1)
    .filter((name, i) => measured[`${name}.loss`] < measured[`${names[i]}.loss`]).length;
  return {
    verdict: falls === names.length - 1 ? 'holds' : falls > 0 ? 'partly' : 'does not hold',
    reason: `It falls ${falls} of ${names.length - 1} times: ${series(measured, names)}.`,
  };
}

export default [proxyLoss, perplexityClaim, blockSizesClaim, iterationsClaim];
