/**
 * Options of each tuned method at an `lr` of 3e-3: those with the lowest validation loss on stories260k at 3 bits after 40 steps, of the code rates
 * and temperatures that the README lists.
 */
export const TUNED_RATES = {
  'continuous-only': {},
  'naive-linearized-pv': { codeLr: 3e-2 },
  'stochastic-rounding': { codeLr: 3e-2, stochasticRounding: 0.1 },
  'straight-through': { codeLr: 1e-2 },
  'penalised-ste': { codeLr: 3e-2 },
  'subspace-pv': { codeLr: 1e-1 },
  'subspace-pv+ste': { codeLr: 3e-2 },
} as const;
