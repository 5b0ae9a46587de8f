import { add, mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** See {@link momentumStep}. */
export interface MomentumStepOptions {
  readonly learningRate: number;
  /** Weight of the old velocity, in [0, 1). Default 0.9. */
  readonly momentum?: number;
  /** Weight of the gradient in the velocity. Default 1; 1 - momentum makes it an average. */
  readonly fresh?: number;
  /** Whether the step looks ahead: x <- x - rate (g + momentum v). Default false: x <- x - rate v. */
  readonly nesterov?: boolean;
  /** Coupled weight decay: the gradient includes weightDecay x. Default 0. */
  readonly weightDecay?: number;
}

/** What a step of momentum SGD changes. */
export interface MomentumState {
  readonly value: Tensor;
  readonly velocity: Tensor;
}

/**
 * One step of gradient descent with momentum: v <- momentum v + fresh g, x <- x - rate v. The arguments stay as they are; the result is new.
 * Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, section 2.
 *
 * @param state float32 tensors of one shape; the velocity is zeros before the first step
 * @param gradient float32 of that shape
 * @throws TypeError for another dtype, RangeError for shapes that differ or options out of range
 */
export function momentumStep(
  state: MomentumState,
  gradient: Tensor,
  options: MomentumStepOptions,
): MomentumState {
  const { value, velocity } = state;
  for (const [name, tensor] of Object.entries({ value, velocity, gradient })) {
    requireDtype('momentumStep', name, tensor, 'float32');
    requireShape('momentumStep', name, tensor, value.shape);
  }
  const { learningRate, momentum = 0.9, fresh = 1, nesterov = false, weightDecay = 0 } = options;
  requireNumber('momentumStep', 'learningRate', learningRate, learningRate >= 0, 'a number >= 0');
  requireNumber('momentumStep', 'momentum', momentum, momentum >= 0 && momentum < 1, 'in [0, 1)');
  requireNumber('momentumStep', 'fresh', fresh, fresh > 0 && fresh <= 1, 'in (0, 1]');
  requireNumber('momentumStep', 'weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0');
  const attributes = { learningRate, momentum, fresh, nesterov, weightDecay };
  const [newValue, newVelocity] = momentumStepOp.run({ value, velocity, gradient }, attributes);
  return { value: newValue!, velocity: newVelocity! };
}

/** `MomentumStep`: { value, velocity, gradient }, { all options } -> [value, velocity]. No gradient. */
export const momentumStepOp: Op<
  { value: Tensor; velocity: Tensor; gradient: Tensor },
  Required<MomentumStepOptions> & Record<string, number | boolean>
> = defineOp({
  name: 'MomentumStep',
  summary: 'One step of gradient descent with momentum on one tensor.',
  reference({ value, velocity, gradient }, { learningRate, momentum, fresh, nesterov, weightDecay }) {
    const g = weightDecay === 0 ? gradient : add(gradient, mul(value, weightDecay));
    const newVelocity = add(mul(velocity, momentum), mul(g, fresh));
    const direction = nesterov ? add(g, mul(newVelocity, momentum)) : newVelocity;
    return [sub(value, mul(direction, learningRate)), newVelocity];
  },
  sample(random) {
    const shape = [wholeNumber(random, 1, 7), wholeNumber(random, 1, 9)];
    const inputs = {
      value: values(random, shape),
      velocity: values(random, shape),
      gradient: values(random, shape),
    };
    const attributes = {
      learningRate: random(),
      momentum: random(),
      fresh: random() < 0.5 ? 1 : 1 - random(),
      nesterov: random() < 0.5,
      weightDecay: random() < 0.5 ? 0 : random() * 0.1,
    };
    return { inputs, attributes };
  },
});
