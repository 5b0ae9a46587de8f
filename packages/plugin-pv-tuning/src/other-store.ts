import { type ArtifactStore, type CompressibleModel, InvalidDataError } from '@espalier/core';
import { tensor, tidy, Variable } from '@tensorflow/tfjs-core';

/** Puts parameters beside the layers (norms, biases, embeddings) into a store, so that a later run has them as they were tuned. */
export async function putOthers(
  store: ArtifactStore,
  prefix: string,
  model: CompressibleModel,
): Promise<void> {
  for (const [name, parameter] of Object.entries(model.otherParameters())) {
    const data = Float32Array.from(await parameter.data());
    await store.put(`${prefix}/${name}`, {
      format: 'parameter',
      shape: [1, data.length],
      arrays: { values: { shape: [...parameter.shape], data } },
      attributes: {},
    });
  }
}

/** Takes them from the store; those that it lacks stay as they are. @throws InvalidDataError for another shape */
export async function takeOthers(
  store: ArtifactStore,
  prefix: string,
  model: CompressibleModel,
): Promise<void> {
  for (const [name, parameter] of Object.entries(model.otherParameters())) {
    const values = (await store.get(`${prefix}/${name}`))?.arrays['values'];
    if (!values || !(parameter instanceof Variable)) continue;
    if (values.shape.join() !== parameter.shape.join())
      throw new InvalidDataError(
        `The store holds ${name} with the shape [${values.shape}]; the model has [${parameter.shape}].`,
      );
    tidy(() => parameter.assign(tensor(values.data as Float32Array, parameter.shape)));
  }
}
