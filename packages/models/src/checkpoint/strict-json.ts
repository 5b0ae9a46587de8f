import { InvalidDataError, type JsonObject } from '@espalier/core';

/** No header, index or configuration nests deeper; a bomb of brackets is stopped before anything is built from it. */
const MAX_DEPTH = 32;

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * A JSON object from an untrusted file. Unlike `JSON.parse` it refuses a key that stands twice in one object (two readers
 * could each believe another one) and deep nesting. Time and memory are linear in the text.
 * @param bytes UTF-8
 * @param file for messages
 * @throws InvalidDataError for anything but one such object
 */
export function parseJsonObject(bytes: Uint8Array, file: string): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidDataError(`${file} is not UTF-8 text.`, { cause });
  }
  assertUniqueKeys(text, file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidDataError(`${file} is not JSON: ${(cause as Error).message}.`, { cause });
  }
  if (!isJsonObject(value)) throw new InvalidDataError(`${file} holds no JSON object.`);
  return value;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Walks the brackets and strings once; whether the text is JSON at all, `JSON.parse` finds out afterwards. */
function assertUniqueKeys(text: string, file: string): void {
  /** Keys of every open object, undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 123 || code === 91) {
      if (open.push(code === 123 ? new Set() : undefined) > MAX_DEPTH) {
        throw new InvalidDataError(`${file} nests deeper than ${MAX_DEPTH} levels.`);
      }
    } else if (code === 125 || code === 93) {
      open.pop();
    } else if (code === QUOTE) {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key = unescaped(text.slice(i, end));
        if (keys.has(key)) throw new InvalidDataError(`${file} has the key ${JSON.stringify(key)} twice.`);
        keys.add(key);
      }
      i = end - 1;
    }
  }
}

/** The position after the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1;
  return Math.min(i + 1, text.length);
}

/** Whether a colon follows. */
function isKey(text: string, end: number): boolean {
  let i = end;
  while (i < text.length && ' \t\r\n'.includes(text[i]!)) i++;
  return text[i] === ':';
}

/** Two spellings of one key (`a`, `\u0061`) are the same key. */
function unescaped(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal; // not JSON: reported by the parser
  }
}
