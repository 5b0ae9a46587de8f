import { z } from 'zod';

/**
 * How much a cache keeps: a share of the tokens seen so far up to 1, so that what it holds grows with the sequence, or a number of tokens
 * above, which is held however long the sequence is.
 */
export const budgetOption = z
  .number()
  .positive()
  .default(0.25)
  .describe(
    'Entries kept by each head: a share of the tokens seen so far up to 1, a number of tokens above.',
  );
