import { InvalidDataError, messageOf } from '@espalier/core';
import { z } from 'zod';
import type { BottleneckCouplingProblem } from './bottleneck-coupling.js';
import type { BottleneckEncodingProblem } from './bottleneck-encoding.js';
import type { MinimumEntropyCouplingProblem } from './minimum-entropy-coupling.js';
import type { RateLimit } from './rate-limit.js';

const masses = z.array(z.number());
/** The members of a rate limit; that exactly one is given is checked with the problem. */
export const rateFields = {
  R: z.number().optional(),
  rate: z.number().optional(),
  compressionRate: z.number().optional(),
};

const encodingJson = z.strictObject({ px: masses, ...rateFields });
const couplingJson = z.strictObject({ px: masses, py: masses });
const bottleneckJson = z.strictObject({
  px: masses,
  py: masses,
  ...rateFields,
  mode: z.enum(['coupling', 'factors']).optional(),
});

/** An encoding problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readEncodingProblem(bytes: Uint8Array): BottleneckEncodingProblem {
  const { px, ...limit } = parseJson(bytes, encodingJson);
  return { px: Float64Array.from(px), ...rateLimitOf(limit) };
}

/** A coupling problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readCouplingProblem(bytes: Uint8Array): MinimumEntropyCouplingProblem {
  const { px, py } = parseJson(bytes, couplingJson);
  return { px: Float64Array.from(px), py: Float64Array.from(py) };
}

/** A bottleneck problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readBottleneckProblem(bytes: Uint8Array): BottleneckCouplingProblem {
  const { px, py, mode, ...limit } = parseJson(bytes, bottleneckJson);
  return {
    px: Float64Array.from(px),
    py: Float64Array.from(py),
    ...rateLimitOf(limit),
    ...(mode && { mode }),
  };
}

/** A rate limit without the members that are not given. */
export function rateLimitOf(given: { [K in keyof RateLimit]?: number | undefined }): RateLimit {
  return {
    ...(given.R !== undefined && { R: given.R }),
    ...(given.rate !== undefined && { rate: given.rate }),
    ...(given.compressionRate !== undefined && { compressionRate: given.compressionRate }),
  };
}

/** A file parsed by a schema. @throws InvalidDataError that says where it is wrong */
export function parseJson<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidDataError(`The problem is no JSON: ${messageOf(cause)}.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InvalidDataError(`The problem is not as it should be: ${z.prettifyError(parsed.error)}.`);
}
