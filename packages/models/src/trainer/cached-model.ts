import { openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { openLlama } from '../llama/build-llama.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { writeLlama } from './write-llama.js';

/**
 * A model that is trained once and read from a folder from then on.
 *
 * @param cacheFolder a path (Node only); undefined trains it every time
 * @param name of the model's folder in it; names all that the weights depend on
 */
export async function cachedModel(
  cacheFolder: string | undefined,
  name: string,
  trained: () => Promise<LlamaModel>,
): Promise<LlamaModel> {
  if (cacheFolder === undefined) return trained();
  const path = `${cacheFolder}/${name}`;
  const checkpoint = await openCheckpoint(path).catch(() => undefined);
  if (checkpoint !== undefined) {
    const model = await openLlama(checkpoint);
    await checkpoint.close();
    return model;
  }
  const model = await trained();
  // Another process may have been faster: its model is the same one.
  await writeLlama(model, path).catch(() => undefined);
  return model;
}
