import { einsum, getGradient, registerGradient, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Gives `Einsum` a gradient, which tfjs lacks: by an operand, it is the einsum of the output's gradient and the other operand.
 * Operands with an axis that stands nowhere else are refused; sum over it first.
 */
export function registerEinsumGradient(): void {
  if (getGradient('Einsum') != null) return;
  registerGradient({
    kernelName: 'Einsum',
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const { equation } = attrs as { equation: string };
      const [left, output] = equation.replace(/\s/g, '').split('->') as [string, string];
      const operands = left.split(',');
      const gradientOf = (i: number) => () => {
        const others = operands.filter((_axes, other) => other !== i);
        const lost = [...operands[i]!].find(
          (axis) => ![output, ...others].some((axes) => axes.includes(axis)),
        );
        if (lost !== undefined) {
          throw new Error(
            `The gradient of einsum '${equation}' needs '${lost}' in the output. Sum over it beforehand.`,
          );
        }
        const tensors = [dy as Tensor, ...saved.filter((_tensor, other) => other !== i)];
        return einsum(`${[output, ...others].join(',')}->${operands[i]}`, ...tensors);
      };
      return Object.fromEntries(operands.map((_axes, i) => [i, gradientOf(i)]));
    },
  });
}
