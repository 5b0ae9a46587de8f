import {
  type ClaimContext,
  type CompressionReport,
  defineClaim,
  type Measurements,
  type Verdict,
} from '@espalier/core';
import {
  calibrationWindows,
  hasTestbedModel,
  type LlamaModel,
  openTestbedModel,
  perplexity,
  streamedPerplexity,
  TESTBED_DATA,
  type TokenBatches,
  tokenBatches,
} from '@espalier/models';
import {
  fullKV,
  gptq,
  h2o,
  magnitude,
  roundToNearest,
  snapKV,
  sparseGpt,
  streamingLlm,
  wanda,
} from '@espalier/models/baselines';

const round = (value: number) => Number(value.toPrecision(4));
const listed = (measured: Measurements) =>
  Object.entries(measured)
    .map(([name, value]) => `${name} ${round(value)}`)
    .join(', ');

/** The real model where its weights are at hand, else one over bytes that is trained for the occasion. */
async function openModel({ data, services }: ClaimContext) {
  const real = await hasTestbedModel('stories260k', data);
  return openTestbedModel(real ? 'stories260k' : 'small-byte-model', {
    data,
    cacheFolder: services.cacheFolder,
  });
}

/** Perplexity of the dense model and of what each method makes of it. */
async function perplexities(
  context: ClaimContext,
  methods: Readonly<
    Record<string, (model: LlamaModel, calibration: TokenBatches) => Promise<CompressionReport>>
  >,
): Promise<Measurements> {
  const { model, calibration, evaluation } = await openModel(context);
  const judged = evaluation.subarray(0, 256 * 24);
  const batches = tokenBatches(calibrationWindows(calibration, { count: 32 }));
  try {
    const measured: Record<string, number> = { dense: (await perplexity(model, judged)).perplexity };
    for (const [name, compress] of Object.entries(methods)) {
      context.onProgress?.(name);
      const { model: compressed } = await compress(model, batches);
      measured[name] = (await perplexity(compressed, judged)).perplexity;
      compressed.dispose();
    }
    return measured;
  } finally {
    batches.dispose();
    model.dispose();
  }
}

/** Whether each measurement is below the one before it. */
function judgeOrder(measured: Measurements, worstToBest: readonly string[]): Verdict {
  const steps = worstToBest.slice(1).filter((name, i) => measured[name]! < measured[worstToBest[i]!]!).length;
  const all = worstToBest.length - 1;
  return {
    verdict: steps === all ? 'holds' : steps > 0 ? 'partly' : 'does not hold',
    reason: `From worst to best expected: ${worstToBest.map((name) => `${name} ${round(measured[name]!)}`).join(', ')}.`,
  };
}

const pruners = defineClaim({
  name: 'pruners',
  tier: 'quick',
  statement:
    'At 2:4 the perplexity of SparseGPT is below that of Wanda, and that of Wanda below that of magnitude pruning.',
  paper: {
    figure: 'Llama-7B, 2:4, WikiText-2: magnitude 42.13, Wanda 11.53, SparseGPT 11.00',
    setting: 'Wanda, table 3: 128 sequences of C4, 2,048 tokens',
  },
  data: TESTBED_DATA,
  measure: (context) => {
    const { services } = context;
    const request = { pattern: { n: 2, m: 4 } };
    const using =
      (algorithm: typeof magnitude | typeof wanda | typeof sparseGpt) =>
      (model: LlamaModel, calibration: TokenBatches) =>
        algorithm.create({}, services).prune(model, { ...request, calibration });
    return perplexities(context, {
      magnitude: using(magnitude),
      wanda: using(wanda),
      sparsegpt: using(sparseGpt),
    });
  },
  figure: listed,
  judge: (measured) => judgeOrder(measured, ['magnitude', 'wanda', 'sparsegpt']),
});

const quantizers = defineClaim({
  name: 'quantizers',
  tier: 'quick',
  statement: 'At 3 bits in groups of up to 128 the perplexity of GPTQ is below that of rounding to nearest.',
  paper: {
    figure: 'OPT-175B, 3 bits, WikiText-2: round to nearest 7.3e3, GPTQ 8.68',
    setting: 'GPTQ, table 5: 128 sequences of C4, no groups',
  },
  data: TESTBED_DATA,
  measure: (context) => {
    const { services } = context;
    return perplexities(context, {
      rtn: (model, calibration) =>
        roundToNearest.create({}, services).quantize(model, { bits: 3, calibration }),
      gptq: (model, calibration) => gptq.create({}, services).quantize(model, { bits: 3, calibration }),
    });
  },
  figure: listed,
  judge: (measured) => judgeOrder(measured, ['rtn', 'gptq']),
});

const caches = defineClaim({
  name: 'caches',
  tier: 'full',
  statement:
    'With entries for a quarter of the prompt, decoding through the entries that H2O and SnapKV keep has a lower perplexity than through the first and newest tokens (StreamingLLM).',
  paper: {
    figure:
      'with a fifth of the cache H2O is as accurate as the full one, keeping the newest tokens alone is not',
    setting: 'H2O, section 5: OPT, Llama and GPT-NeoX on tasks of HELM and lm-eval-harness',
  },
  data: TESTBED_DATA,
  async measure(context) {
    const { model, evaluation } = await openModel(context);
    const window = Math.min(512, model.config.contextLength);
    // As in the papers, a quarter of the prompt, which is half of the window: a share would grow with what is decoded.
    const budget = Math.round(window / 8);
    const measured: Record<string, number> = {};
    try {
      for (const [name, algorithm] of Object.entries({
        full: fullKV,
        streaming: streamingLlm,
        h2o,
        snapkv: snapKV,
      })) {
        context.onProgress?.(name);
        const options = algorithm === fullKV ? {} : { budget, ...(algorithm === snapKV && { window: 16 }) };
        const compressor = algorithm.create(options as never, context.services);
        measured[name] = (
          await streamedPerplexity(model, compressor, evaluation, { window, windows: 8 })
        ).perplexity;
      }
    } finally {
      model.dispose();
    }
    return measured;
  },
  figure: listed,
  judge(measured) {
    const better = ['h2o', 'snapkv'].filter((name) => measured[name]! < measured['streaming']!);
    return {
      verdict: better.length === 2 ? 'holds' : better.length === 1 ? 'partly' : 'does not hold',
      reason: `${listed(measured)}. SnapKV keeps every token after the prompt, the other two do not grow.`,
    };
  },
});

export default [pruners, quantizers, caches];
