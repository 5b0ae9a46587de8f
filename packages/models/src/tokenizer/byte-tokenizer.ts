import { assertTokens, assertWellFormed, type Tokenizer, withBos } from './tokenizer.js';

/** Begin and end of text of {@link byteTokenizer}. */
export const BYTE_BOUNDARY = 256;

/**
 * The bytes of UTF-8 as tokens, and token 256 between texts: 257 in all. It fits any text, needs no file, and is what the models
 * trained here speak.
 */
export function byteTokenizer(): Tokenizer {
  const tokenizer: Tokenizer = {
    name: 'bytes',
    vocabularySize: 257,
    bosId: BYTE_BOUNDARY,
    eosId: BYTE_BOUNDARY,
    encode(text, options = {}) {
      assertWellFormed(text);
      return withBos(new TextEncoder().encode(text), options, tokenizer);
    },
    decode(tokens) {
      assertTokens(tokens, tokenizer);
      const bytes = Array.from(tokens).filter((token) => token !== BYTE_BOUNDARY);
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    },
  };
  return tokenizer;
}
