import { improvement } from './regularizer.js';
import type { SelectionState } from './selection-state.js';
import { prox, type Separable } from './separable.js';

/** How much each variable could improve: the gradient, or the shortest subgradient. */
export function improvements({ model, term }: SelectionState): Float64Array {
  return improvement(term, model.x, model.gradient());
}

/** How much the model g_i d + L_i d^2/2 + r(x_i + d) falls in each variable alone: gsq-nn for any separable term. */
export function modelDecreases({ model, term, lipschitz }: SelectionState): Float64Array {
  const [x, g] = [model.x, model.gradient()];
  const { separable } = term;
  const decreases = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    if (lipschitz[i] > 0) decreases[i] = modelDecrease(separable, i, x[i], g[i], lipschitz[i]);
  }
  return decreases;
}

function modelDecrease(term: Separable, i: number, x: number, g: number, lipschitz: number): number {
  const to = prox(term, i, x - g / lipschitz, lipschitz);
  const d = to - x;
  return -(g * d + 0.5 * lipschitz * d * d + term.weight * (Math.abs(to) - Math.abs(x)));
}
