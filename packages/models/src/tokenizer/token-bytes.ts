import type { Tokenizer } from './tokenizer.js';

/**
 * How many bytes of UTF-8 each token stands for, to report bits a byte: 0 for special tokens. A token that is a piece of a character counts
 * as one byte, which it is where characters that a vocabulary lacks are spelt in bytes.
 */
export function tokenBytes(tokenizer: Tokenizer): (token: number) => number {
  // Behind another token: tokenizers drop the space in front of a text.
  const front = tokenizer.encode('a').at(-1)!;
  const prefix = tokenizer.decode([front]);
  const encoder = new TextEncoder();
  const known = new Map<number, number>();
  return (token) => {
    let bytes = known.get(token);
    if (bytes === undefined) {
      const text = tokenizer.decode([front, token]).slice(prefix.length);
      bytes = text === '\uFFFD' ? 1 : encoder.encode(text).length;
      known.set(token, bytes);
    }
    return bytes;
  };
}
