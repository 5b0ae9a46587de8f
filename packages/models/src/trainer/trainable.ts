import {
  type Batch,
  type CompressibleModel,
  InvalidProblemError,
  type NamedTensors,
  type ParameterInfo,
} from '@espalier/core';
import { type Scalar, type Tensor, tidy, type Variable, variableGrads } from '@tensorflow/tfjs-core';
import { releasingTape } from '../llama/release-tape.js';

/** A loss in place of the model's own. */
export type TrainingObjective = (logits: Tensor, batch: Batch) => Scalar;

/** What the trainer trains. */
export interface Trainable {
  /** By name; the optimizer assigns to them. */
  readonly parameters: Readonly<Record<string, Variable>>;
  readonly parameterInfo?: Readonly<Record<string, ParameterInfo>>;
  /** Mean loss of a batch and its gradients by parameter name; the caller disposes of all. */
  gradients(
    batch: Batch,
    objective?: TrainingObjective,
  ): { readonly loss: Scalar; readonly gradients: NamedTensors };
  /** Scores of a batch, for evaluation. */
  logits(batch: Batch): Tensor;
}

/**
 * A model whose weights are dense variables, as something to train: its weights by layer name, then everything else that it trains.
 * @throws InvalidProblemError for a model without gradients or with a weight that is no variable
 */
export function trainableModel(model: CompressibleModel): Trainable {
  if (model.gradients === undefined) throw new InvalidProblemError('This model gives no gradients.');
  const parameters: Record<string, Variable> = {};
  for (const { name, weight, tiedTo } of model.layers()) {
    if (tiedTo !== undefined) continue;
    const own = Object.values(weight.parameters?.() ?? {});
    if (weight.format !== 'dense' || own.length !== 1)
      throw new InvalidProblemError(
        `The weight of ${name} is ${weight.format} and cannot be trained as a matrix.`,
        {
          remedy: 'Open the model as one that trains.',
        },
      );
    parameters[name] = own[0];
  }
  Object.assign(parameters, model.otherParameters());
  return {
    parameters,
    gradients: (batch, objective) => model.gradients!(batch, objective && { objective }),
    logits: (batch) => model.logits(batch),
  };
}

/** A function of parameters and inputs with a loss, as something to train. */
export function trainableFunction(spec: {
  readonly parameters: Readonly<Record<string, Variable>>;
  logits(inputs: Tensor): Tensor;
  readonly loss: TrainingObjective;
}): Trainable {
  const { parameters, loss } = spec;
  const names = Object.keys(parameters);
  return {
    parameters,
    logits: ({ inputs }) => tidy(() => spec.logits(inputs)),
    gradients: (batch, objective = loss) =>
      releasingTape(() =>
        tidy(() => {
          const variables = names.map((name) => parameters[name]);
          const { value, grads } = variableGrads(
            () => objective(spec.logits(batch.inputs), batch),
            variables,
          );
          return {
            loss: value,
            gradients: Object.fromEntries(names.map((name) => [name, grads[parameters[name].name]])),
          };
        }),
      ),
  };
}
