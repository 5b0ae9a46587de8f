export { BYTE_BOUNDARY, byteTokenizer } from './byte-tokenizer.js';
export { huggingFaceTokenizer, type TokenizerSettings } from './huggingface-tokenizer.js';
export { parseLlama2cTokenizer } from './llama2c-tokenizer.js';
export { openTokenizer } from './open-tokenizer.js';
export { tokenBytes } from './token-bytes.js';
export type { EncodeOptions, Tokenizer } from './tokenizer.js';
