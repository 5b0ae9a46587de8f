import { z } from 'zod';

/** How much a cache keeps: a share of the prompt up to 1, a number of tokens above. */
export const budgetOption = z
  .number()
  .positive()
  .default(0.25)
  .describe('Entries kept by each head: a share of the prompt up to 1, a number of tokens above.');
