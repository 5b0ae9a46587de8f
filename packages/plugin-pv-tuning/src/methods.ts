import type { CodeUpdateSettings } from './code-update.js';

/** What a method of the comparison does to the codes. */
export interface Method {
  /** Continuous parameters alone, or codes as well. */
  readonly codes: boolean;
  readonly deltaDecay: number;
  readonly maxCodeChange: number;
  readonly forceUpdate: boolean;
  readonly stochasticRounding: number;
  /** Largest change by codes in a step, of the norm of the weight; undefined: no limit. */
  readonly trustRatio?: number | undefined;
}

const FROZEN: Method = {
  codes: false,
  deltaDecay: 1,
  maxCodeChange: 1,
  forceUpdate: false,
  stochasticRounding: 0,
};

/** The methods that the paper compares (its table 1), as settings of one optimizer step; `calibration-only` takes no step at all. */
export const METHODS = {
  /** P steps: codebooks, scales and the other parameters. */
  'continuous-only': FROZEN,
  /** Codes move where a plain step crosses into another cell: almost never. */
  'naive-linearized-pv': { ...FROZEN, codes: true },
  'stochastic-rounding': { ...FROZEN, codes: true, stochasticRounding: 1 },
  /** A buffer keeps updates that are too small to change a code. */
  'straight-through': { ...FROZEN, codes: true, deltaDecay: 0 },
  /** The buffer decays towards the codes. */
  'penalised-ste': { ...FROZEN, codes: true, deltaDecay: 0.2 },
  /** Few tiles, each moved far, as long as the weight as a whole stays near. */
  'subspace-pv': { ...FROZEN, codes: true, maxCodeChange: 0.01, forceUpdate: true, trustRatio: 0.01 },
  /** Few tiles, against a buffer: the recipe of the released models. */
  'subspace-pv+ste': { ...FROZEN, codes: true, deltaDecay: 0, maxCodeChange: 0.01 },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS | 'calibration-only';
export const METHOD_NAMES = ['calibration-only', ...Object.keys(METHODS)] as [MethodName, ...MethodName[]];

/** Limits of a method's V step; undefined where codes are frozen. */
export function codeSettings(
  method: Method,
  rest: Pick<CodeUpdateSettings, 'beamSize' | 'selectionTemperature'>,
): CodeUpdateSettings | undefined {
  if (!method.codes) return undefined;
  const { beamSize, selectionTemperature } = rest;
  const { maxCodeChange, forceUpdate, stochasticRounding, trustRatio } = method;
  return { beamSize, selectionTemperature, maxCodeChange, forceUpdate, stochasticRounding, trustRatio };
}
