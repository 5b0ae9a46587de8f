export { Decoding, type DecodingOptions } from './decoding.js';
export { type Generated, type GenerateOptions, generate, generateTokens } from './generate.js';
export { generateBatch } from './generate-batch.js';
export { type Sampling, sampleToken } from './sample-token.js';
