import { readFile } from 'node:fs/promises';
import { messageOf } from '@espalier/core';
import { type Tokenizer, tokensFromBytes } from '@espalier/models';
import { UsageError } from '../exit-status.js';

/** The tokens of a text file, behind the begin of text; a file that ends in `.u16` holds tokens, two bytes each. */
export async function readTokens(
  path: string,
  tokenizer: () => Promise<Tokenizer>,
): Promise<ArrayLike<number>> {
  const bytes = await readFile(path).catch((cause) => {
    throw new UsageError(`The text ${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  if (path.endsWith('.u16')) return tokensFromBytes(bytes);
  const reader = await tokenizer();
  return reader.encode(bytes.toString('utf8'), { bos: reader.bosId !== undefined });
}
