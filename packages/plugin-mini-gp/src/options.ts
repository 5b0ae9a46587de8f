import { z } from 'zod';

/** Options of every solver of the family. */
export const runOptions = {
  regularizer: z
    .number()
    .positive()
    .optional()
    .describe("lambda, the noise variance that the model assumes; default the problem's."),
  concurrency: z
    .int()
    .min(1)
    .default(1)
    .describe('Calls of evaluate under way at a time: repetitions are split among them.'),
  targetWidth: z
    .number()
    .positive()
    .optional()
    .describe("Stop when the 95 % interval of the best candidate's mean is at most so wide."),
};

/** Options of solvers whose model decides. */
export const modelOptions = {
  fit: z
    .enum(['never', 'doubling'])
    .default('never')
    .describe(
      'Fit kernel and prior mean by likelihood whenever the unique candidates have doubled, from 8 on.',
    ),
  maxUnique: z
    .int()
    .min(1)
    .optional()
    .describe('Most unique candidates: then only known ones are evaluated again. Default no limit.'),
  switchingCost: z
    .number()
    .min(0)
    .default(0)
    .describe("What leaving the present candidate costs, on the acquisition's scale."),
};

/** Options of mini-META. */
export const metaOptions = {
  ratio: z
    .number()
    .gt(1)
    .default(1.1)
    .describe(
      'C > 1: a posterior standard deviation may shrink by at most this factor before the model is looked at again. 1.1 for regret, 2 for speed.',
    ),
  repetitions: z
    .union([z.enum(['adaptive', 'lazy']), z.int().min(1)])
    .default('adaptive')
    .describe(
      'adaptive: as many as ratio allows; lazy: until the acquisition prefers another candidate; or always so many.',
    ),
  maxRepetitions: z.int().min(1).optional().describe('Most repetitions of one period. Default no limit.'),
};

const delta = z
  .number()
  .gt(0)
  .lt(1)
  .optional()
  .describe('Probability with which the confidence bound may fail; default 1 / budget.');

/** Options of confidence bounds. */
export const ucbOptions = {
  beta: z
    .union([z.literal('theory'), z.number().min(0)])
    .default('theory')
    .describe(
      'theory: normBound + xi/sqrt(lambda) sqrt(logdet + log 1/delta), which over-explores; or a constant, often 2.',
    ),
  betaScale: z.number().positive().default(1).describe('Factor of beta.'),
  normBound: z
    .number()
    .positive()
    .default(1)
    .describe("F, a bound of the function's norm in the kernel's space."),
  delta,
};

/** Options of expected improvement. */
export const eiOptions = {
  nu: z
    .union([z.literal('theory'), z.number().positive()])
    .default(1)
    .describe('Factor of the standard deviation; theory: sqrt(logdet + 1 + log 1/delta).'),
  delta,
};

/** Options of plain algorithms, which evaluate once and look again. */
export const plainOptions = {
  posterior: z
    .enum(['unique', 'dense'])
    .default('unique')
    .describe('unique: cost by unique candidates; dense: one row an evaluation, O(A T^2) in all.'),
};

type Parsed<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** {@link ucbOptions}, parsed. */
export type UcbOptions = Parsed<typeof ucbOptions>;
/** {@link eiOptions}, parsed. */
export type EiOptions = Parsed<typeof eiOptions>;
/** What {@link GpStrategy} takes from the options. */
export type ModelOptions = Parsed<typeof modelOptions>;
/** {@link metaOptions}, parsed. */
export type MetaOptions = Parsed<typeof metaOptions>;
/** {@link runOptions}, parsed. */
export type CommonOptions = Parsed<typeof runOptions>;
