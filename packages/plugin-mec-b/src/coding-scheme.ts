import { z } from 'zod';
import { COUPLING_METHODS, type CouplingMethod } from './couple.js';
import { ENCODING_METHODS, type EncodingMethod } from './encode.js';

/** How messages and actions are coupled; sender and receiver must agree on it. */
export interface CodingScheme {
  readonly encoder: EncodingMethod;
  readonly decoder: CouplingMethod;
  /** What is compressed: the belief about the message (the paper), or the law of the actions. */
  readonly compress: 'message' | 'action';
}

/** The scheme as options of an algorithm. */
export const codingSchemeOptions = {
  encoder: z
    .enum(ENCODING_METHODS)
    .default('search')
    .describe('The code: Algorithm 1, its refinements (near-deterministic, best), or a baseline.'),
  decoder: z
    .enum(COUPLING_METHODS)
    .default('max-seeking')
    .describe('The coupling of code and action: the largest remaining masses first, or the closest.'),
  compress: z
    .enum(['message', 'action'])
    .default('message')
    .describe('What the rate limits: the belief about the message, or (reversed) the law of the action.'),
};
