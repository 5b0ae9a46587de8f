import { type Claim, defineClaim, type Measurements, type Verdict } from '@espalier/core';
import { consecutiveWindows, openTestbedModel, TESTBED_DATA } from '@espalier/models';
import { type MustafarOptions, mustafarOptions } from '../mustafar-options.js';
import { maskedPerplexity } from './masked-perplexity.js';
import { PAPER_SETTING, round } from './paper-setting.js';

const MODELS = ['tinystories-656k', 'stories260k'] as const;
const base = {
  ...{ schedule: 'token', window: 32, keySparsity: 0.7, valueSparsity: 0.7 },
  ...{ keyMethod: 'none', valueMethod: 'none' },
} as const;
const CASES = {
  dense: {},
  keys: { keyMethod: 'token-magnitude' },
  think: { keyMethod: 'think' },
  values: { valueMethod: 'token-magnitude' },
  thinv: { valueMethod: 'thinv' },
  magnitude: { keyMethod: 'token-magnitude', valueMethod: 'token-magnitude' },
  structured: { keyMethod: 'think', valueMethod: 'thinv' },
} as const satisfies Record<string, Partial<MustafarOptions>>;

/** The first windows of 256 tokens of each model's text. */
const claim = (name: string, tier: 'quick' | 'full', windows: number): Claim =>
  defineClaim({
    name,
    tier,
    statement: `With keys and values pruned by 70 % beyond the newest 32 tokens (${windows} windows of 256) tinystories-656k loses at most 2 % of perplexity, structured pruning at least 10 %; of stories260k (8 channels a head) values lose at most 2 %, keys more.`,
    paper: { figure: 'up to 70 % in keys and values without loss of accuracy', setting: PAPER_SETTING },
    data: TESTBED_DATA,
    async measure({ data, services, signal }) {
      const measured: Record<string, number> = {};
      for (const name of MODELS) {
        const opened = await openTestbedModel(name, { data, cacheFolder: services.cacheFolder });
        try {
          const texts = consecutiveWindows(opened.evaluation, 256).slice(0, windows);
          for (const [what, methods] of Object.entries(CASES)) {
            const options = mustafarOptions.parse({ ...base, ...methods });
            measured[`${name} ${what}`] = await maskedPerplexity(opened.model, texts, options, signal);
          }
        } finally {
          opened.model.dispose();
        }
      }
      return measured;
    },
    figure: (measured) =>
      Object.entries(measured)
        .map(([name, value]) => `${name} ${round(value)}`)
        .join(', '),
    judge,
  });

export const perplexity = claim('perplexity', 'quick', 4);
export const fullPerplexity = claim('perplexity-8-windows', 'full', 8);

function judge(measured: Measurements): Verdict {
  const loss = (model: (typeof MODELS)[number], what: keyof typeof CASES) =>
    measured[`${model} ${what}`] / measured[`${model} dense`] - 1;
  const [large, small] = MODELS;
  const main = loss(large, 'magnitude') <= 0.02 && loss(large, 'structured') >= 0.1;
  const valuesOnly = loss(small, 'values') <= 0.02 && loss(small, 'keys') > 0.02;
  const all = (model: (typeof MODELS)[number]) =>
    `${model}: keys ${percent(loss(model, 'keys'))} (ThinK ${percent(loss(model, 'think'))}), values ${percent(loss(model, 'values'))} (ThinV ${percent(loss(model, 'thinv'))}), both ${percent(loss(model, 'magnitude'))} (${percent(loss(model, 'structured'))})`;
  const verdict = main && valuesOnly ? 'holds' : main || valuesOnly ? 'partly' : 'does not hold';
  return {
    verdict,
    reason: `Perplexity, in brackets with structured pruning: ${MODELS.map(all).join('; ')}.`,
  };
}

const percent = (share: number) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
