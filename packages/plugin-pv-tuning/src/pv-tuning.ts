import {
  type CompressionReport,
  defineQuantizer,
  InvalidOptionsError,
  InvalidProblemError,
  type LayerReport,
  type QuantizeRequest,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { denseValues } from '@espalier/models';
import { z } from 'zod';
import type { CodebookLayer } from './codebook-layer.js';
import { isCodebookWeight, restoreCodebook } from './codebook-weight.js';
import { codeSettings, METHOD_NAMES, METHODS, type Method } from './methods.js';
import { layerOptions, quantizeLayers } from './quantize-layers.js';
import { tuneModel } from './tune-model.js';
import type { StepSettings } from './tuned-layer.js';

const count = z.number().int().positive();
const beta = z.number().min(0).lt(1);
const share = z.number().positive().max(1);

const options = z.strictObject({
  method: z
    .enum(METHOD_NAMES)
    .default('subspace-pv+ste')
    .describe('What moves, and how: one of the methods that the paper compares.'),
  objective: z
    .enum(['kl', 'cross-entropy'])
    .default('kl')
    .describe("Divergence from the dense model, or the model's own loss."),
  steps: count.default(100).describe('Optimizer steps, one batch each.'),
  lr: z.number().min(0).default(3e-4).describe('Rate of codebooks, scales and the other parameters.'),
  codeLr: z.number().min(0).default(1e-2).describe('Rate of the weight that codes are chosen for.'),
  betas: z.tuple([beta, beta]).default([0.9, 0.95]).describe('Of the continuous parameters.'),
  codeBetas: z.tuple([beta, beta]).default([0, 0.95]).describe('Of the weight that codes are chosen for.'),
  optimizer: z
    .enum(['lamb', 'adam'])
    .default('lamb')
    .describe('Steps in proportion to the norm of a tensor (lamb), or not.'),
  debias: z.boolean().default(true).describe('Whether first steps are corrected for moments from zero.'),
  amsgrad: z.boolean().default(false).describe('Second moments as their running maximum.'),
  maxCodeChange: share.optional().describe('Share of tiles that a step may change; default by method.'),
  deltaDecay: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Pull of the buffer to the codes, 1: no buffer; default by method.'),
  forceUpdate: z
    .boolean()
    .optional()
    .describe('Whether every tile that is searched changes; default by method.'),
  stochasticRounding: z
    .number()
    .min(0)
    .optional()
    .describe('Temperature of random choice between near codes; default by method.'),
  trustRatio: z.number().positive().optional().describe('Largest change of a weight by codes, of its norm.'),
  selectionTemperature: z
    .number()
    .min(0)
    .default(0)
    .describe('Above 0 tiles are drawn by their distance, not the farthest taken.'),
  beamSize: count.default(5).describe('Hypotheses of the search for codes.'),
  updateOthers: z.boolean().default(true).describe('Whether norms, biases and embeddings are tuned.'),
  evaluateEvery: count.default(10).describe('Steps between two looks at the validation data.'),
  ...layerOptions,
});
type Options = z.output<typeof options>;

/**
 * PV-Tuning: quantizes as `aqlm` does, then tunes codebooks, scales and codes together against the dense model. `method` gives each of the
 * methods of the paper's comparison.
 * Source: V. Malinovskii et al., "PV-Tuning: Beyond Straight-Through Estimation for Extreme LLM Compression", 2024.
 */
export const pvTuning = defineQuantizer({
  name: 'pv-tuning',
  summary: 'Tunes codebooks and codes of a quantized model against the dense one.',
  paper: {
    title: 'PV-Tuning: Beyond Straight-Through Estimation for Extreme LLM Compression',
    authors:
      'V. Malinovskii, D. Mazur, I. Ilin, D. Kuznedelev, K. Burlachenko, K. Yi, D. Alistarh, P. Richtarik',
    arxiv: '2405.14852',
    year: 2024,
  },
  options,
  examples: {
    default: { steps: 4 },
    'subspace alone': { method: 'subspace-pv', steps: 3, trustRatio: 0.1 },
    'cross-entropy': { method: 'straight-through', objective: 'cross-entropy', optimizer: 'adam', steps: 3 },
    'stochastic rounding': { method: 'stochastic-rounding', steps: 3 },
    'calibration alone': { method: 'calibration-only' },
  },
  create(chosen, services) {
    const step = stepSettings(chosen);
    return {
      async quantize(model, request, run = {}) {
        const state = startRun(run, services.clock);
        if (!step) return quantizeLayers(model, request, chosen, run, services);
        if (!model.gradients) throw new UnsupportedError('This model gives no gradients to tune by.');
        if (!request.calibration && !request.data)
          throw new InvalidProblemError('Tuning needs batches: `calibration` or `data` of the request.');
        const { onLayer, store, ...rest } = request;
        const report = await quantizeLayers(
          model,
          {
            ...rest,
            ...(store && {
              store: {
                get: (key) => store.get(`initial/${key}`),
                put: (key, weight) => store.put(`initial/${key}`, weight),
              },
            }),
          },
          chosen,
          run,
          services,
        );
        try {
          const tuned = (await takeStored(report, request))
            ? undefined
            : await tuneModel(
                report.model,
                model,
                await layersOf(report),
                request,
                { ...chosen, step },
                services.random(run.seed).fork('tuning'),
                state,
              );
          const layers = await finalReports(report, request, tuned !== undefined);
          return {
            ...report,
            layers,
            bytesAfter: report.model.bytes,
            stopped: state.expired() ? 'time limit' : 'finished',
            ...(tuned && { details: { ...tuned, history: tuned.history.map((point) => ({ ...point })) } }),
          };
        } catch (error) {
          report.model.dispose();
          throw error;
        }
      },
    };
  },
});

/** The settings of a step; undefined for the method that takes none. @throws InvalidOptionsError for options that do not fit each other */
function stepSettings(chosen: Options): StepSettings | undefined {
  if (chosen.method === 'calibration-only') return undefined;
  const preset: Method = METHODS[chosen.method];
  const method: Method = {
    codes: preset.codes,
    deltaDecay: chosen.deltaDecay ?? preset.deltaDecay,
    maxCodeChange: chosen.maxCodeChange ?? preset.maxCodeChange,
    forceUpdate: chosen.forceUpdate ?? preset.forceUpdate,
    stochasticRounding: chosen.stochasticRounding ?? preset.stochasticRounding,
  };
  if (method.stochasticRounding > 0 && chosen.beamSize < 2)
    throw new InvalidOptionsError(
      `Stochastic rounding chooses between candidates: beamSize is at least 2; given ${chosen.beamSize}.`,
    );
  const adam = { lamb: chosen.optimizer === 'lamb', debias: chosen.debias, amsgrad: chosen.amsgrad };
  return {
    continuous: { ...adam, learningRate: chosen.lr, betas: chosen.betas },
    discrete: { ...adam, learningRate: chosen.codeLr, betas: chosen.codeBetas },
    codes: codeSettings(method, chosen),
    deltaDecay: method.deltaDecay,
  };
}

async function layersOf({ model, layers }: CompressionReport): Promise<ReadonlyMap<string, CodebookLayer>> {
  const found = new Map<string, CodebookLayer>();
  for (const { name, weight } of model.layers())
    if (layers.some(({ layer }) => layer === name) && isCodebookWeight(weight))
      found.set(name, await weight.layer());
  return found;
}

/** Puts the layers that an earlier run finished into the model. @returns whether they were all there */
async function takeStored(
  { model, layers }: CompressionReport,
  { store }: QuantizeRequest,
): Promise<boolean> {
  if (!store || layers.length === 0) return false;
  const found = await Promise.all(layers.map(async ({ layer }) => [layer, await store.get(layer)] as const));
  if (found.some(([, stored]) => !stored)) return false;
  for (const [layer, stored] of found) model.replaceWeight(layer, restoreCodebook(stored!));
  return true;
}

/** The reports of the tuned layers, handed on and stored. The output error was that of the start and is left out. */
async function finalReports(
  { model, layers }: CompressionReport,
  { store, onLayer }: QuantizeRequest,
  fresh: boolean,
): Promise<readonly LayerReport[]> {
  const weights = new Map(model.layers().map(({ name, weight }) => [name, weight]));
  const reports: LayerReport[] = [];
  for (const { outputError: _, ...before } of layers) {
    const weight = weights.get(before.layer)!;
    const values = await denseValues(weight);
    const zeros = values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
    const report: LayerReport = {
      ...before,
      format: weight.format,
      sparsity: zeros / values.length,
      bitsPerWeight: (8 * weight.bytes) / values.length,
      bytes: weight.bytes,
    };
    if (fresh && store && weight.store) await store.put(before.layer, await weight.store());
    await onLayer?.(report, weight);
    reports.push(report);
  }
  return reports;
}
