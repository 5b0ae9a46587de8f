import {
  type ArtifactStore,
  type CompressibleModel,
  type CompressionReport,
  defineQuantizer,
  InvalidProblemError,
  type Json,
  type LayerReport,
  type QuantizeRequest,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { refuseIdleOptions } from './idle-options.js';
import { layersOf, reportsOf } from './layer-reports.js';
import { putOthers, takeOthers } from './other-store.js';
import { quantizeLayers } from './quantize-layers.js';
import { restoreQuantized } from './quantized-layer.js';
import { type Tuned, tuneModel } from './tune-model.js';
import { stepSettings, tuningOptions } from './tuning-options.js';

/**
 * PV-Tuning: quantizes as `aqlm` does, then tunes codebooks, scales and codes together against the dense model. `method` gives each of the
 * methods of the paper's comparison.
 * Source: V. Malinovskii et al., "PV-Tuning: Beyond Straight-Through Estimation for Extreme LLM Compression", 2024.
 */
export const pvTuning = defineQuantizer({
  name: 'pv-tuning',
  summary: 'Tunes codebooks and codes of a quantized model against the dense one.',
  worksOn: 'model',
  paper: {
    title: 'PV-Tuning: Beyond Straight-Through Estimation for Extreme LLM Compression',
    authors:
      'V. Malinovskii, D. Mazur, I. Ilin, D. Kuznedelev, K. Burlachenko, K. Yi, D. Alistarh, P. Richtarik',
    arxiv: '2405.14852',
    year: 2024,
  },
  options: tuningOptions,
  examples: {
    default: { steps: 4 },
    'subspace alone': { method: 'subspace-pv', steps: 3, trustRatio: 0.1 },
    'cross-entropy': { method: 'straight-through', objective: 'cross-entropy', optimizer: 'adam', steps: 3 },
    'stochastic rounding': { method: 'stochastic-rounding', steps: 3 },
    'small integers': { representation: 'scalar', scalarInit: 'gptq', steps: 3 },
    'bfloat16 buffers': { bufferDtype: 'bf16', microBatch: 8, steps: 3 },
    'calibration alone': { method: 'calibration-only' },
  },
  create(chosen, services) {
    refuseIdleOptions(chosen);
    const step = stepSettings(chosen);
    return {
      async quantize(model, request, run = {}) {
        const state = startRun(run, services.clock);
        if (!step) return quantizeLayers(model, request, chosen, run, services);
        if (!model.gradients) throw new UnsupportedError('This model gives no gradients to tune by.');
        if (!request.calibration && !request.data)
          throw new InvalidProblemError('Tuning needs batches: `calibration` or `data` of the request.');
        const report = await quantizeLayers(model, startRequest(request), chosen, run, services);
        try {
          const { store } = request;
          const tuned = (await takeTuned(report, store))
            ? undefined
            : await tuneModel(
                report.model,
                model,
                await layersOf(report.model, report.layers),
                request,
                { ...chosen, step },
                services.random(run.seed).fork('tuning'),
                state,
              );
          // The parameters first: a tuning counts as finished when its last layer is there.
          if (tuned && store) await putOthers(store, 'tuned', report.model);
          return {
            ...report,
            layers: await handOn(report, request, tuned !== undefined),
            bytesAfter: report.model.bytes,
            stopped: state.expired() ? 'time limit' : 'finished',
            ...detailsOf(report, tuned),
          };
        } catch (error) {
          report.model.dispose();
          throw error;
        }
      },
    };
  },
});

/** The start is kept under names of its own, and nobody hears of its layers. */
function startRequest({ onLayer: _, store, ...rest }: QuantizeRequest): QuantizeRequest {
  if (!store) return rest;
  const apart: ArtifactStore = {
    get: (key) => store.get(`initial/${key}`),
    put: (key, weight) => store.put(`initial/${key}`, weight),
  };
  return { ...rest, store: apart };
}

/** Puts what an earlier run finished into the model. @returns whether it was all there */
async function takeTuned(
  { model, layers }: { readonly model: CompressibleModel; readonly layers: readonly LayerReport[] },
  store: ArtifactStore | undefined,
): Promise<boolean> {
  if (!store || layers.length === 0) return false;
  const found = await Promise.all(layers.map(async ({ layer }) => [layer, await store.get(layer)] as const));
  if (found.some(([, stored]) => !stored)) return false;
  for (const [layer, stored] of found) model.replaceWeight(layer, restoreQuantized(stored!));
  await takeOthers(store, 'tuned', model);
  return true;
}

/** Stores the tuned layers, and tells of them. */
async function handOn(
  { model, layers }: CompressionReport,
  { store, onLayer }: QuantizeRequest,
  fresh: boolean,
): Promise<readonly LayerReport[]> {
  const reports: LayerReport[] = [];
  for (const [report, weight] of await reportsOf(model, layers)) {
    if (fresh && store && weight.store) await store.put(report.layer, await weight.store());
    await onLayer?.(report, weight);
    reports.push(report);
  }
  return reports;
}

function detailsOf(report: CompressionReport, tuned: Tuned | undefined): { readonly details?: Json } {
  if (!tuned) return report.details === undefined ? {} : { details: report.details };
  const history = tuned.history.map((point) => ({ ...point }));
  const seen = { ...tuned.seen };
  return { details: { ...(report.details as object | undefined), ...tuned, seen, history } };
}
