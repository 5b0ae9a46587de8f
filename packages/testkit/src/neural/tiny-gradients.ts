import {
  type Batch,
  type CompressibleModel,
  type GradientRequest,
  InvalidProblemError,
  type NamedTensors,
} from '@espalier/core';
import {
  add,
  addN,
  div,
  engine,
  matMul,
  mul,
  relu,
  type Scalar,
  softmax,
  step,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';

/**
 * Loss and gradients of a tiny model as a `GradientRequest` asks for them: `dense` ones by layer, `stored` ones by `layer.parameter`, others
 * and further variables by their own names; what plays no part in the loss is left out. The chain rule of the model is written out, because
 * tfjs-core alone brings no gradients: those of an objective and of stored forms must be registered, as importing tfjs-layers does.
 * @param ownLoss softmax cross-entropy
 * @throws InvalidProblemError when nothing has a gradient, or the targets that the loss needs are missing
 */
export function tinyGradients(
  model: CompressibleModel,
  batch: Batch,
  { of = ['dense', 'other'], objective, variables = {} }: GradientRequest,
  ownLoss: (batch: Batch, logits: Tensor) => Scalar,
): { readonly loss: Scalar; readonly gradients: NamedTensors } {
  const { 'hidden.bias': hiddenBias, 'output.bias': outputBias } = model.otherParameters() as Biases;
  const [hidden, output] = model.layers().map(({ weight }) => weight) as [Weight, Weight];
  return tidy(() => {
    const [w1, w2] = [hidden.toDense(), output.toDense()];
    const x = batch.inputs as Tensor2D;
    const before: Tensor2D = add(matMul(x, w1, false, true), hiddenBias);
    const activations: Tensor2D = relu(before);
    const logits: Tensor2D = add(matMul(activations, w2, false, true), outputBias);
    const found = new Sums();
    let loss: Scalar;
    let atLogits: Tensor2D;
    if (objective) {
      const inputs = { '': logits, ...variables };
      const { value, slopes } = pullBack(() => objective(logits, batch), inputs);
      const { '': slope = zerosLike(logits), ...byVariables } = slopes;
      loss = value as Scalar;
      atLogits = slope as Tensor2D;
      found.addAll(byVariables);
    } else {
      loss = ownLoss(batch, logits);
      atLogits = div(sub(softmax(logits), batch.targets!), x.shape[0]);
    }
    const atHidden: Tensor2D = mul(matMul(atLogits, w2), step(before));
    if (of.includes('dense')) {
      found.add('hidden', matMul(atHidden, x, true));
      found.add('output', matMul(atLogits, activations, true));
    }
    if (of.includes('other')) {
      found.add('hidden.bias', sum(atHidden, 0, true));
      found.add('output.bias', sum(atLogits, 0, true));
    }
    for (const [name, weight, inputs, slope] of [
      ['hidden', hidden, x, atHidden],
      ['output', output, activations, atLogits],
    ] as const) {
      const own = of.includes('stored') ? Object.entries(weight.parameters?.() ?? {}) : [];
      const by = {
        ...Object.fromEntries(own.map(([part, each]) => [`${name}.${part}`, each])),
        ...variables,
      };
      if (Object.keys(by).length > 0) found.addAll(pullBack(() => weight.matmul(inputs), by, slope).slopes);
    }
    if (of.length === 0 && Object.keys(variables).length === 0)
      throw new InvalidProblemError(`Nothing has a gradient: the request is for [${of}].`, {
        remedy: "Ask for 'dense' gradients, or give variables.",
      });
    return { loss, gradients: found.all() };
  });
}

type Biases = Readonly<Record<'hidden.bias' | 'output.bias', Tensor2D>>;
type Weight = ReturnType<CompressibleModel['layers']>[number]['weight'];

/** The value of `f`, and its gradients by the tensors on which it depends; `slope` is that by the value, default 1. */
function pullBack(
  f: () => Tensor,
  by: NamedTensors,
  slope?: Tensor,
): { readonly value: Tensor; readonly slopes: Record<string, Tensor> } {
  const { value, grads } = engine().gradients(f, Object.values(by) as Tensor[], slope, true);
  const slopes: Record<string, Tensor> = {};
  for (const [i, name] of Object.keys(by).entries()) {
    const each = grads[i] as Tensor | null;
    if (each) slopes[name] = each;
  }
  return { value, slopes };
}

/** Gradients of which one variable may get several. */
class Sums {
  readonly #parts = new Map<string, Tensor[]>();

  add(name: string, part: Tensor): void {
    this.#parts.set(name, [...(this.#parts.get(name) ?? []), part]);
  }

  addAll(parts: NamedTensors): void {
    for (const [name, part] of Object.entries(parts)) this.add(name, part);
  }

  all(): NamedTensors {
    return Object.fromEntries([...this.#parts].map(([name, parts]) => [name, addN(parts)]));
  }
}
