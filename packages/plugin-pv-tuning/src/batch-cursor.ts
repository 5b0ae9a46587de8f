import { type Batch, type Batches, InvalidProblemError, type QuantizeRequest } from '@espalier/core';

/** A place in the data: batches of an epoch that were used. */
export interface Cursor {
  readonly epoch: number;
  readonly position: number;
}

/**
 * The batches of the training data, else of the calibration data, again and again, from a place on; each with the place after it.
 * @throws InvalidProblemError for an epoch without batches
 */
export async function* batchesFrom(
  { data, calibration }: Pick<QuantizeRequest, 'data' | 'calibration'>,
  start: Cursor,
): AsyncGenerator<{ readonly batch: Batch; readonly next: Cursor }> {
  for (let { epoch, position: used } = start; ; epoch++, used = 0) {
    const batches: Batches | undefined = data?.epoch(epoch, 0) ?? calibration;
    let position = 0;
    for await (const batch of batches ?? []) {
      position++;
      if (position > used) yield { batch, next: { epoch, position } };
    }
    if (position === 0) throw new InvalidProblemError('There is no batch to tune on.');
  }
}
