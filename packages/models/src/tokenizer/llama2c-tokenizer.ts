import { InvalidDataError } from '@espalier/core';
import { mergePairs } from './pair-merges.js';
import { assertTokens, assertWellFormed, type Tokenizer, withBos } from './tokenizer.js';

/** Numbers of a llama2.c vocabulary, which SentencePiece has fixed. */
const BOS = 1;
const EOS = 2;
const FIRST_BYTE = 3;
const SPECIAL_COUNT = FIRST_BYTE + 256;

/** No vocabulary comes near this. */
const MAX_TOKENS = 1 << 24;

/**
 * The tokenizer of a llama2.c vocabulary file (`tokenizer.bin`, `tok512.bin`): int32 longest token, then a token float32 score,
 * int32 length and bytes; 0 unknown, 1 begin, 2 end of text, 3 to 258 the bytes.
 *
 * A text gets a space in front and is split into characters, those that are no token into bytes; then the adjacent pair whose merged
 * token has the highest score is merged, again and again.
 * @param file for messages
 * @throws InvalidDataError for a truncated file, or one without the special tokens
 */
export function parseLlama2cTokenizer(bytes: Uint8Array, file = 'tokenizer.bin'): Tokenizer {
  const { tokens, scores } = parseVocabulary(bytes, file);
  /** Token numbers by their bytes, a character each. */
  const numbers = new Map<string, number>();
  for (let i = 0; i < tokens.length; i++) if (!numbers.has(tokens[i]!)) numbers.set(tokens[i]!, i);

  const tokenizer: Tokenizer = {
    name: file,
    vocabularySize: tokens.length,
    bosId: BOS,
    eosId: EOS,
    encode(text, options = {}) {
      assertWellFormed(text);
      const pieces = text === '' ? [] : [...` ${text}`].flatMap((character) => piecesOf(character, numbers));
      const merged = mergePairs(Int32Array.from(pieces), (left, right) => {
        const piece = numbers.get(tokens[left]! + tokens[right]!);
        return piece === undefined ? undefined : { piece, score: scores[piece]! };
      });
      return withBos(merged, options, tokenizer);
    },
    decode(ids) {
      assertTokens(ids, tokenizer);
      const content = Array.from(ids).filter((id) => id >= FIRST_BYTE);
      const latin = content.map((id) =>
        id < SPECIAL_COUNT ? String.fromCharCode(id - FIRST_BYTE) : tokens[id]!,
      );
      const joined = latin.join('');
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        fromLatin(joined.startsWith(' ') ? joined.slice(1) : joined),
      );
    },
  };
  return tokenizer;
}

/** A character as its token, or as its bytes. */
function piecesOf(character: string, numbers: ReadonlyMap<string, number>): number[] {
  const bytes = new TextEncoder().encode(character);
  const token = numbers.get(toLatin(bytes));
  return token === undefined ? Array.from(bytes, (byte) => byte + FIRST_BYTE) : [token];
}

function parseVocabulary(bytes: Uint8Array, file: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tokens: string[] = [];
  const scores: number[] = [];
  let at = 4; // past the length of the longest token
  while (at < bytes.length && tokens.length < MAX_TOKENS) {
    const number = tokens.length;
    if (at + 8 > bytes.length) throw truncated(file, number);
    const score = view.getFloat32(at, true);
    const length = view.getInt32(at + 4, true);
    at += 8;
    if (length < 0 || at + length > bytes.length) throw truncated(file, number);
    if (Number.isNaN(score)) throw new InvalidDataError(`${file}: the score of token ${number} is NaN.`);
    tokens.push(toLatin(bytes.subarray(at, at + length)));
    scores.push(score);
    at += length;
  }
  if (tokens.length < SPECIAL_COUNT) {
    throw new InvalidDataError(
      `${file} has ${tokens.length} tokens; a llama2.c vocabulary starts with ${SPECIAL_COUNT} special ones.`,
    );
  }
  return { tokens, scores };
}

const truncated = (file: string, token: number) =>
  new InvalidDataError(`${file} is truncated or damaged at token ${token}.`);

/** Bytes as a text of characters 0 to 255: a key of a map. */
function toLatin(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const fromLatin = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
