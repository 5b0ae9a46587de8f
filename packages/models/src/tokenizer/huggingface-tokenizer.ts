import { InvalidDataError, type Json, type JsonObject, UnsupportedError } from '@espalier/core';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isJsonObject } from '../checkpoint/strict-json.js';
import { assertTokens, assertWellFormed, type Tokenizer, withBos } from './tokenizer.js';

/** What is used of `@huggingface/tokenizers`. */
interface Library {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly number[] };
  decode(ids: readonly number[], options: { readonly skip_special_tokens: boolean }): string;
}

/** What else the files of a model say about tokens. */
export interface TokenizerSettings {
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig?: JsonObject | undefined;
  /** `config.json`, for begin and end of text where the tokenizer's own file does not name them. */
  readonly modelConfig?: JsonObject | undefined;
  /** For messages. */
  readonly name?: string | undefined;
}

/**
 * A tokenizer from the content of `tokenizer.json`, as `@huggingface/tokenizers` reads it: BPE with or without pre-tokenisation,
 * byte fallback, Unigram, WordPiece, and their normalizers and decoders.
 * A byte-order mark (U+FEFF) that stands for itself in the tokens is lost in `decode`: the library drops it.
 * @throws InvalidDataError for a file that is damaged, or names a part that the library does not know
 * @throws UnsupportedError for another type of model
 */
export function huggingFaceTokenizer(json: JsonObject, settings: TokenizerSettings = {}): Tokenizer {
  const { tokenizerConfig = {}, modelConfig = {}, name = 'tokenizer.json' } = settings;
  const { vocabulary, size } = readVocabulary(json, name);
  assertKnownModel(json, name);
  let library: Library;
  try {
    // A copy: the library keeps the objects and adds to them.
    library = new HuggingFaceTokenizer(structuredClone(json), structuredClone(tokenizerConfig)) as Library;
  } catch (cause) {
    throw new InvalidDataError(`${name} cannot be used: ${(cause as Error).message}.`, { cause });
  }
  const fuse = unknownToFuse(json, vocabulary);
  const idOf = (role: 'bos' | 'eos') =>
    vocabulary.get(contentOf(tokenizerConfig[`${role}_token`]) ?? '') ??
    firstNumber(modelConfig[`${role}_token_id`]);

  const tokenizer: Tokenizer = {
    name,
    vocabularySize: size,
    bosId: idOf('bos'),
    eosId: idOf('eos'),
    encode(text, options = {}) {
      assertWellFormed(text);
      const { ids } = library.encode(text, { add_special_tokens: false });
      const fused = fuse === undefined ? ids : ids.filter((id, i) => id !== fuse || ids[i - 1] !== fuse);
      return withBos(fused, options, tokenizer);
    },
    decode(tokens) {
      assertTokens(tokens, tokenizer);
      // The library refuses an empty list.
      return tokens.length === 0 ? '' : library.decode(Array.from(tokens), { skip_special_tokens: true });
    },
  };
  return tokenizer;
}

/** The library takes what it does not know for something that it knows. Older files have no type. */
function assertKnownModel({ model }: JsonObject, name: string): void {
  const type = isJsonObject(model) ? model.type : undefined;
  if (type === undefined || ['BPE', 'Unigram', 'WordPiece'].includes(type as string)) return;
  throw new UnsupportedError(
    `${name} has the model type ${JSON.stringify(type)}; supported are BPE, Unigram and WordPiece.`,
  );
}

/** Token numbers by content, added tokens included, and what they stay below. */
function readVocabulary(
  json: JsonObject,
  name: string,
): { readonly vocabulary: ReadonlyMap<string, number>; readonly size: number } {
  const { model, added_tokens: added = [] } = json;
  const listed = isJsonObject(model) ? model.vocab : undefined;
  // Unigram lists [token, score], the others map a token to its number.
  const pairs: (readonly [Json | undefined, Json | undefined])[] = Array.isArray(listed)
    ? listed.map((entry: Json, i) => [Array.isArray(entry) ? entry[0] : undefined, i])
    : Object.entries(isJsonObject(listed) ? listed : {});
  if (Array.isArray(added)) {
    for (const token of added) {
      const { content, id } = isJsonObject(token) ? token : ({} as JsonObject);
      pairs.push([content, id]);
    }
  }
  const vocabulary = new Map<string, number>();
  for (const [content, id] of pairs) {
    if (typeof content !== 'string' || !Number.isSafeInteger(id) || (id as number) < 0) {
      throw new InvalidDataError(
        `${name}: the token ${JSON.stringify(content)} has the number ${JSON.stringify(id)}.`,
      );
    }
    vocabulary.set(content, id as number);
  }
  if (vocabulary.size === 0) throw new InvalidDataError(`${name} has no vocabulary.`);
  const size = 1 + [...vocabulary.values()].reduce((a, b) => Math.max(a, b), 0);
  if (size > 16 * vocabulary.size) {
    throw new InvalidDataError(`${name} numbers ${vocabulary.size} tokens up to ${size - 1}.`);
  }
  return { vocabulary, size };
}

/**
 * `fuse_unk` of BPE, which the library leaves out: a run of unknown characters is one unknown token. Only without pre-tokenisation
 * is a run of tokens known to be a run of characters.
 */
function unknownToFuse(json: JsonObject, vocabulary: ReadonlyMap<string, number>): number | undefined {
  const { model, pre_tokenizer: preTokenizer } = json;
  if (!isJsonObject(model) || model.type !== 'BPE' || model.fuse_unk !== true || preTokenizer != null)
    return undefined;
  return typeof model.unk_token === 'string' ? vocabulary.get(model.unk_token) : undefined;
}

/** A special token stands as text, or as an object with its content. */
function contentOf(token: Json | undefined): string | undefined {
  const content = isJsonObject(token) ? token.content : token;
  return typeof content === 'string' ? content : undefined;
}

function firstNumber(value: Json | undefined): number | undefined {
  const first = Array.isArray(value) ? (value[0] as Json | undefined) : value;
  return Number.isSafeInteger(first) ? (first as number) : undefined;
}
