import { defineOptimizer, InvalidDataError, NumericalError } from '@espalier/core';
import {
  add,
  all,
  clone,
  isFinite as finiteElements,
  keep,
  mul,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { z } from 'zod';

/**
 * Momentum: v <- beta v + g, x <- x - eta v.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = defineOptimizer({
  name: '__METHOD__',
  summary: 'Gradient descent with momentum.',
  options: z.strictObject({
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('beta: share of the last direction that is kept.'),
  }),
  examples: { default: {}, plain: { momentum: 0 } },
  create: ({ momentum }) => {
    let velocity: Record<string, Tensor> = {};
    const dispose = () => {
      for (const tensor of Object.values(velocity)) tensor.dispose();
      velocity = {};
    };
    return {
      async step({ parameters, gradients, learningRate }) {
        for (const [name, gradient] of Object.entries(gradients)) {
          const finite = tidy(() => all(finiteElements(gradient)));
          const ok = (await finite.data())[0] === 1;
          finite.dispose();
          if (!ok) throw new NumericalError(`The gradient of ${name} is not finite; nothing was changed.`);
        }
        for (const [name, gradient] of Object.entries(gradients)) {
          const before = velocity[name];
          const next = tidy(() => keep(before ? add(mul(before, momentum), gradient) : clone(gradient)));
          before?.dispose();
          velocity[name] = next;
          const parameter = parameters[name];
          if (!parameter) throw new InvalidDataError(`There is a gradient but no parameter called ${name}.`);
          tidy(() => parameter.assign(sub(parameter, mul(next, learningRate))));
        }
        return { figures: {} };
      },
      state: () => ({
        tensors: Object.fromEntries(Object.entries(velocity).map(([name, tensor]) => [name, clone(tensor)])),
        values: { method: '__METHOD__', version: 1 },
      }),
      restore({ tensors, values }) {
        if (values.method !== '__METHOD__' || values.version !== 1) {
          throw new InvalidDataError(
            `The state is not one of __METHOD__ 1; given ${JSON.stringify(values)}.`,
          );
        }
        dispose();
        velocity = Object.fromEntries(
          Object.entries(tensors).map(([name, tensor]) => [name, keep(clone(tensor))]),
        );
      },
      dispose,
    };
  },
});
