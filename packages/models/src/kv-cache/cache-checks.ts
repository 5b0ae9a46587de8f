import { type AttentionShape, InvalidProblemError } from '@espalier/core';
import type { Tensor3D } from '@tensorflow/tfjs-core';

/**
 * A cache takes one prompt, as its first tokens.
 * @param length tokens that the cache has seen
 * @throws InvalidProblemError where there are any
 */
export function requireEmpty(length: number): void {
  if (length > 0)
    throw new InvalidProblemError(`A cache takes one prompt; this one has seen ${length} tokens.`, {
      remedy: '`decode` takes further tokens, several at a time too; another sequence needs another cache.',
    });
}

/** @throws InvalidProblemError where the cache was disposed of */
export function requireOpen(disposed: boolean): void {
  if (disposed) throw new InvalidProblemError('This cache was disposed of.', { remedy: 'Open another one.' });
}

/** @throws InvalidProblemError where nothing is held yet, or there is no such key-value head */
export function requireEntries({ keyValueHeads }: AttentionShape, length: number, head: number): void {
  if (length === 0)
    throw new InvalidProblemError('The cache holds no entries yet.', {
      remedy: 'Give it a prompt with `prefill` first.',
    });
  if (!(Number.isInteger(head) && head >= 0 && head < keyValueHeads))
    throw new InvalidProblemError(`Key-value heads are 0 to ${keyValueHeads - 1}; given ${head}.`);
}

/**
 * What is not finite would count as largest or smallest of all when entries are chosen, or get no weight, and hide in the answer.
 * @throws InvalidProblemError for a number that is NaN or infinite
 */
export function requireFiniteTokens(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
  for (const [name, tensor] of Object.entries({ queries, keys, values })) {
    const data = tensor.dataSync<'float32'>();
    // 0 times what is not finite is NaN: one sum without a branch, some hundredths of what attention takes.
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += 0 * data[i];
    if (sum === 0) continue;
    const at = data.findIndex((value) => !Number.isFinite(value));
    const [, tokens, d] = tensor.shape;
    const row = Math.floor(at / d);
    throw new InvalidProblemError(
      `Queries, keys and values are finite; ${name} of head ${Math.floor(row / tokens)}, token ${row % tokens} hold ${data[at]}.`,
    );
  }
}
