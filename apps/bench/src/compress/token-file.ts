import { readFile } from 'node:fs/promises';
import { messageOf } from '@espalier/core';
import { type Tokenizer, tokensFromBytes } from '@espalier/models';
import { UsageError } from '../exit-status.js';

/** What a text is for, and what it has to be. */
export interface TokenFileUse {
  /** The option that named it: a message says so. */
  readonly option: '--calibration' | '--evaluate';
  /** Tokens that it holds at least. */
  readonly window: number;
  /** Tokens are below this. */
  readonly vocabularySize: number;
}

/**
 * The tokens of a UTF-8 text file, behind the begin of text; a file that ends in `.u16` holds tokens, two bytes each.
 * @throws UsageError that names file and option for one that cannot be read, is no text, is too short, or has tokens that the model lacks
 */
export async function readTokens(
  path: string,
  tokenizer: () => Promise<Tokenizer>,
  { option, window, vocabularySize }: TokenFileUse,
): Promise<ArrayLike<number>> {
  const named = `The text ${path} (${option})`;
  const bytes = await readFile(path).catch((cause) => {
    throw new UsageError(`${named} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  if (bytes.length === 0) throw new UsageError(`${named} is empty; one window takes ${window} tokens.`);
  const tokens = path.endsWith('.u16') ? storedTokens(bytes, named) : await encoded(bytes, named, tokenizer);
  if (tokens.length < window)
    throw new UsageError(
      `${named} has ${tokens.length} tokens, fewer than one window of ${window}. Give a longer text, or a smaller --window.`,
    );
  for (let i = 0; i < tokens.length; i++)
    if (tokens[i]! >= vocabularySize)
      throw new UsageError(
        `${named} has the token ${tokens[i]} at position ${i}; the model knows those below ${vocabularySize}. It was made with another tokenizer.`,
      );
  return tokens;
}

function storedTokens(bytes: Uint8Array, named: string): Uint16Array {
  if (bytes.length % 2 !== 0)
    throw new UsageError(`${named} has ${bytes.length} bytes; each token of a .u16 file takes two.`);
  return tokensFromBytes(bytes);
}

async function encoded(
  bytes: Uint8Array,
  named: string,
  tokenizer: () => Promise<Tokenizer>,
): Promise<ArrayLike<number>> {
  const text = textOf(bytes);
  if (text === undefined || text.includes('\0'))
    throw new UsageError(
      `${named} is no UTF-8 text. Convert it to UTF-8, or give tokens in a file that ends in .u16.`,
    );
  const reader = await tokenizer();
  return reader.encode(text, { bos: reader.bosId !== undefined });
}

/** undefined for bytes that are no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
