export { type ColumnBlock, compensateColumns } from './compensate.js';
export { type GptqOptions, gptq } from './gptq.js';
export { codeOf, type Grid, gridOf, roundHalfEven } from './grid.js';
export { type InverseFactor, inverseFactor } from './inverse-factor.js';
export { type IntegerCodes, type RoundingOptions, roundToNearest } from './round-to-nearest.js';
export { type SparseGptOptions, sparseGpt } from './sparse-gpt.js';
