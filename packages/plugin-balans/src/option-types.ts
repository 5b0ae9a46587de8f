import { z } from 'zod';

/** A schema for what is no JSON (a function, an object with methods): passed on as it is when `test` holds. */
export function passedOn<T>(test: (value: unknown) => boolean, message: string): z.ZodType<T, T> {
  // Not z.custom: a schema with one has no JSON Schema, and then help would know no option at all.
  return z.unknown().refine(test, message) as unknown as z.ZodType<T, T>;
}
