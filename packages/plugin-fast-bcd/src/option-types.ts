import { z } from 'zod';

/** A schema for what is no JSON, such as a function: handed on as it is where `test` holds. */
export function passedOn<T>(test: (value: unknown) => boolean, message: string): z.ZodType<T, T> {
  // Not z.custom: a schema with one has no JSON Schema, and then help would know no option at all.
  return z.unknown().refine(test, message) as unknown as z.ZodType<T, T>;
}
