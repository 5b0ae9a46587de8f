import { InvalidProblemError } from '@espalier/core';

/** Text to token numbers and back. */
export interface Tokenizer {
  /** For messages: the file that it came from. */
  readonly name: string;
  /** Token numbers are below this. */
  readonly vocabularySize: number;
  /** Begin of text; undefined where the model has none. */
  readonly bosId: number | undefined;
  /** End of text; undefined where the model has none. */
  readonly eosId: number | undefined;
  /**
   * The tokens of a text, without begin and end of text unless asked.
   * @throws InvalidProblemError for text with lone surrogates, which UTF-8 cannot hold, and for a begin of text that there is not
   */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /**
   * The text of tokens; begin, end and other special tokens are left out. Bytes that are not UTF-8 become U+FFFD.
   * @throws InvalidProblemError for a number outside the vocabulary
   */
  decode(tokens: ArrayLike<number>): string;
}

export interface EncodeOptions {
  /** Put the begin-of-text token first. Default false. */
  readonly bos?: boolean;
}

/** @throws InvalidProblemError for lone surrogates */
export function assertWellFormed(text: string): void {
  if (!text.isWellFormed()) {
    throw new InvalidProblemError('The text has lone surrogates, which UTF-8 cannot hold.', {
      remedy: 'Clean it with text.toWellFormed().',
    });
  }
}

/** @throws InvalidProblemError for a number outside the vocabulary */
export function assertTokens(tokens: ArrayLike<number>, { name, vocabularySize }: Tokenizer): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (!(Number.isInteger(token) && token >= 0 && token < vocabularySize)) {
      throw new InvalidProblemError(
        `Token ${token} at position ${i} is outside the vocabulary of ${name}: 0 to ${vocabularySize - 1}.`,
      );
    }
  }
}

/** The tokens, behind the begin of text where it is asked for. */
export function withBos(tokens: ArrayLike<number>, options: EncodeOptions, tokenizer: Tokenizer): Int32Array {
  if (!options.bos) return Int32Array.from(tokens);
  const { bosId, name } = tokenizer;
  if (bosId === undefined) throw new InvalidProblemError(`${name} has no begin-of-text token.`);
  const result = new Int32Array(tokens.length + 1);
  result[0] = bosId;
  result.set(tokens, 1);
  return result;
}
