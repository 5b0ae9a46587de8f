import { InvalidOptionsError } from '@espalier/core';
import { z } from 'zod';
import { layerOptions, scalarOptions } from './layer-options.js';
import { codeSettings, METHOD_NAMES, METHODS, type Method } from './methods.js';
import type { StepSettings } from './tuned-layer.js';

const count = z.number().int().positive();
const beta = z.number().min(0).lt(1);
const share = z.number().positive().max(1);

/** Options of `pv-tuning`. */
export const tuningOptions = z.strictObject({
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
  codeLr: z
    .number()
    .min(0)
    .default(1e-2)
    .describe('Rate of the weight that codes are chosen for, where codes move.'),
  betas: z.tuple([beta, beta]).default([0.9, 0.95]).describe('Of the continuous parameters.'),
  codeBetas: z
    .tuple([beta, beta])
    .default([0, 0.95])
    .describe('Of the weight that codes are chosen for, where codes move.'),
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
  trustRatio: z
    .number()
    .positive()
    .optional()
    .describe('Largest change of a weight by codes in a step, of its norm; default by method.'),
  selectionTemperature: z
    .number()
    .min(0)
    .default(0)
    .describe('Above 0 tiles are drawn by their distance, not the farthest taken, where not all may change.'),
  beamSize: count.default(5).describe('Hypotheses of the search for codes, where codes move.'),
  updateOthers: z.boolean().default(true).describe('Whether norms, biases and embeddings are tuned.'),
  bufferDtype: z
    .enum(['float32', 'bf16'])
    .default('float32')
    .describe('How the buffer and the second moment of each weight are kept.'),
  microBatch: count
    .optional()
    .describe('Samples of a batch that go through the models at a time, to save memory; default all.'),
  evaluateEvery: count.default(10).describe('Steps between two looks at the validation data.'),
  ...scalarOptions,
  ...layerOptions,
});
export type TuningOptions = z.output<typeof tuningOptions>;

/** The settings of a step; undefined for the method that takes none. @throws InvalidOptionsError for options that do not fit each other */
export function stepSettings(chosen: TuningOptions): StepSettings | undefined {
  if (chosen.method === 'calibration-only') return undefined;
  const preset: Method = METHODS[chosen.method];
  const method: Method = {
    codes: preset.codes,
    deltaDecay: chosen.deltaDecay ?? preset.deltaDecay,
    maxCodeChange: chosen.maxCodeChange ?? preset.maxCodeChange,
    forceUpdate: chosen.forceUpdate ?? preset.forceUpdate,
    stochasticRounding: chosen.stochasticRounding ?? preset.stochasticRounding,
    trustRatio: chosen.trustRatio ?? preset.trustRatio,
  };
  if (method.codes && method.stochasticRounding > 0 && chosen.beamSize < 2)
    throw new InvalidOptionsError(
      `Stochastic rounding chooses between candidates: beamSize is at least 2; given ${chosen.beamSize}.`,
    );
  const adam = { lamb: chosen.optimizer === 'lamb', debias: chosen.debias, amsgrad: chosen.amsgrad };
  return {
    continuous: { ...adam, learningRate: chosen.lr, betas: chosen.betas },
    discrete: { ...adam, learningRate: chosen.codeLr, betas: chosen.codeBetas },
    codes: codeSettings(method, chosen),
    deltaDecay: method.deltaDecay,
    bufferDtype: chosen.bufferDtype,
  };
}
