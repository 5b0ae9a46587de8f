import { z } from 'zod';

type Predicate = (name: string, shape: readonly number[]) => boolean;

/** Which parameters decay. */
export type DecayFilter = 'all' | 'matrices' | Predicate;

// Not z.custom: a schema with one has no JSON Schema, and then help would know no option at all.
const predicate = z
  .unknown()
  .refine((value) => typeof value === 'function', 'a function of name and shape') as unknown as z.ZodType<
  Predicate,
  Predicate
>;

/** The option of that name. */
export const decayFilterSchema = z
  .union([z.enum(['all', 'matrices']), predicate])
  .default('all')
  .describe('Which parameters decay: all, those of two or more axes, or a function (name, shape).');

/** The decay of one parameter. */
export function decayOf(
  filter: DecayFilter,
  weightDecay: number,
  name: string,
  shape: readonly number[],
): number {
  const decays = filter === 'all' || (filter === 'matrices' ? shape.length >= 2 : filter(name, shape));
  return decays ? weightDecay : 0;
}
