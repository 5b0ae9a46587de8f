import { createRandom, defineClaim, type RandomSource } from '@espalier/core';
import { PAPER_SETTING, series } from './claim-words.js';
import { type CodebookLayer, type CodebookLayout, fromTiles, toTiles } from './codebook-layer.js';
import { initialise } from './initialise.js';
import { codeSettings, METHODS } from './methods.js';
import { TunedLayer } from './tuned-layer.js';

type Name = keyof typeof METHODS;
const NAMES = Object.keys(METHODS) as readonly Name[];
const OTHERS = NAMES.filter((name) => name !== 'subspace-pv+ste');
const ALL = ['start', ...NAMES];

const LAYOUT: CodebookLayout = {
  outputs: 32,
  inputs: 64,
  outGroup: 1,
  inGroup: 8,
  codebooks: 1,
  codeBits: 5,
};
const STEPS = 200;
/** Each method is judged at the best of these. */
const RATES = [0.01, 0.03];
const CODE_RATES = [0.03, 0.1, 0.3];
/** Of stochastic rounding; at 1, which the method has by itself, it ends far above all others. */
const TEMPERATURE = 0.1;

/** The order of the paper's table where gradients are exact. */
export const oneLayer = defineClaim({
  name: 'one-layer',
  tier: 'quick',
  statement:
    'On one layer of 32 x 64 with a quadratic loss, 200 steps, each at the best of two rates and three code rates (stochastic rounding at a temperature of 0.1), the loss of subspace-pv+ste ends below those of all other methods.',
  paper: {
    figure:
      '5.90 in perplexity against 6.69 continuous, 6.68 naive, 6.56 stochastic rounding, 6.41 straight-through, 6.13 subspace',
    setting: PAPER_SETTING,
  },
  measure: ({ seed, signal }) => lossesOnOneLayer({ seed, signal, methods: NAMES, noise: 0 }),
  figure: (measured) => series(measured, ALL),
  judge(measured) {
    const lower = OTHERS.filter((name) => measured['subspace-pv+ste'] >= measured[name]);
    const beaten = OTHERS.length - lower.length;
    const wrong = lower.length > 0 ? `; as low or lower: ${lower.join(', ')}` : '';
    return {
      verdict: lower.length === 0 ? 'holds' : 2 * beaten > OTHERS.length ? 'partly' : 'does not hold',
      reason: `It ends below ${beaten} of ${OTHERS.length}${wrong}. Lowest loss of each: ${series(measured, ALL)}.`,
    };
  },
});

/** See {@link lossesOnOneLayer}. */
export interface LayerComparison {
  readonly seed: number;
  readonly methods: readonly Name[];
  /** Standard deviation of what is added to each gradient, of the root mean square of its elements. */
  readonly noise: number;
  readonly signal?: AbortSignal | undefined;
}

/** The lowest loss of each method on the layer, at the best of its rates. @throws AbortedError when the signal fires */
export async function lossesOnOneLayer({
  seed,
  methods,
  noise,
  signal,
}: LayerComparison): Promise<Record<string, number>> {
  const random = createRandom(seed);
  const weight = Float64Array.from({ length: LAYOUT.outputs * LAYOUT.inputs }, () => random.normal());
  const hessian = correlatedInputs(LAYOUT.inputs, random);
  const start = initialise(weight, LAYOUT, { init: 'random', initIterations: 100 }, random.fork('initial'));
  const measured: Record<string, number> = {
    start: quadratic(layerFor(start, 'continuous-only', 0, 0), weight, hessian).loss,
  };
  for (const name of methods)
    for (const rate of RATES)
      for (const codeRate of name === 'continuous-only' ? [0] : CODE_RATES) {
        const layer = layerFor(start, name, rate, codeRate);
        const order = random.fork(`${name} ${rate} ${codeRate}`);
        for (let step = 0; step <= STEPS; step++) {
          signal?.throwIfAborted();
          const { loss, gradient } = quadratic(layer, weight, hessian);
          measured[name] = Math.min(measured[name] ?? loss, loss);
          if (noise > 0) disturbInPlace(gradient, noise, order);
          if (step < STEPS) layer.step(toTiles(gradient, LAYOUT), order);
        }
      }
  return measured;
}

function disturbInPlace(gradient: Float64Array, noise: number, random: RandomSource): void {
  const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0) / gradient.length);
  for (let i = 0; i < gradient.length; i++) gradient[i] += noise * size * random.normal();
}

/** tr((What - W) H (What - W)^T) / 2 and its gradient, row-major. */
function quadratic(
  layer: TunedLayer,
  weight: Float64Array,
  hessian: Float64Array,
): { readonly loss: number; readonly gradient: Float64Array } {
  const { inputs } = LAYOUT;
  const difference = fromTiles(layer.tiles, LAYOUT);
  const gradient = new Float64Array(difference.length);
  let loss = 0;
  for (let i = 0; i < difference.length; i++) difference[i] -= weight[i];
  for (let row = 0; row < difference.length; row += inputs)
    for (let k = 0; k < inputs; k++) {
      const value = difference[row + k];
      for (let j = 0; j < inputs; j++) gradient[row + j] += value * hessian[k * inputs + j];
    }
  for (let i = 0; i < difference.length; i++) loss += (gradient[i] * difference[i]) / 2;
  return { loss, gradient };
}

/** X^T X / rows of inputs that share a few directions, as activations do. */
function correlatedInputs(inputs: number, random: RandomSource): Float64Array {
  const [rows, shared] = [4 * inputs, 8];
  const directions = Float64Array.from({ length: shared * inputs }, () => random.normal());
  const hessian = new Float64Array(inputs * inputs);
  for (let row = 0; row < rows; row++) {
    const x = Float64Array.from({ length: inputs }, () => 0.3 * random.normal());
    for (let d = 0; d < shared; d++) {
      const weight = random.normal();
      for (let j = 0; j < inputs; j++) x[j] += weight * directions[d * inputs + j];
    }
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < inputs; j++) hessian[i * inputs + j] += (x[i] * x[j]) / rows;
  }
  return hessian;
}

function layerFor(start: CodebookLayer, name: Name, rate: number, codeRate: number): TunedLayer {
  const adam = { lamb: true, debias: true, amsgrad: false };
  const preset = METHODS[name];
  const method = preset.stochasticRounding > 0 ? { ...preset, stochasticRounding: TEMPERATURE } : preset;
  return new TunedLayer(start, {
    continuous: { ...adam, learningRate: rate, betas: [0.9, 0.95] },
    discrete: { ...adam, learningRate: codeRate, betas: [0, 0.95] },
    deltaDecay: method.deltaDecay,
    codes: codeSettings(method, { beamSize: 1, selectionTemperature: 0 }),
  });
}
