import { readFile } from 'node:fs/promises';
import { InvalidDataError, messageOf } from '@espalier/core';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { ResultsFile } from '../results/results-file.js';
import { assertScenariosDescribed } from './series.js';

/**
 * Reads a results file and checks it against its published schema (`@espalier/bench/schema/results-1.schema.json`).
 *
 * @throws InvalidDataError when the file cannot be read, is no JSON, or is no results file of this version
 */
export async function readResults(path: string): Promise<ResultsFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidDataError(`The results file ${path} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidDataError(`${path} holds no JSON: ${messageOf(cause)}.`, {
      cause,
      remedy: 'A file that was cut off has to be written again with `espalier run`.',
    });
  }
  return validateResults(value, path);
}

/**
 * `value` itself, when it is a results file of this version.
 *
 * @param source what error messages call the value, such as a path
 * @throws InvalidDataError naming up to three places that are wrong, what stands there and what is allowed
 */
export async function validateResults(value: unknown, source = 'The value'): Promise<ResultsFile> {
  assertFormat(value, source);
  validator ??= compileSchema();
  const validate = await validator;
  if (!validate(value)) throw new InvalidDataError(`${source} ${problems(validate.errors ?? [])}.`);
  const results = value as ResultsFile;
  assertScenariosDescribed(results);
  return results;
}

let validator: Promise<ValidateFunction> | undefined;

async function compileSchema(): Promise<ValidateFunction> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const schema = await readFile(new URL('../../schema/results-1.schema.json', import.meta.url), 'utf8');
  // `verbose` puts the offending value into each error. `strictRequired` is off for `then` and `else`, whose
  // properties stand beside them.
  return new Ajv2020({ allErrors: true, verbose: true, strictRequired: false }).compile(JSON.parse(schema));
}

/** The two members that say what the file is come first: without them a list of wrong places would only confuse. */
function assertFormat(value: unknown, source: string): void {
  const { format, formatVersion } = (value ?? {}) as { format?: unknown; formatVersion?: unknown };
  if (format !== 'espalier-results') {
    throw new InvalidDataError(
      `${source} is no results file: "format" is ${shown(format)}, not "espalier-results".`,
      { remedy: 'Give a file that `espalier run` or `espalier claims` wrote.' },
    );
  }
  if (formatVersion !== 1) {
    throw new InvalidDataError(
      `${source} has format version ${shown(formatVersion)}; this version of Espalier reads version 1.`,
      { remedy: 'Read it with the version that wrote it, or measure again.' },
    );
  }
}

const MOST_PROBLEMS = 3;

function problems(errors: readonly ErrorObject[]): string {
  // What an `if` passes on is reported by its own branch too.
  const own = errors.filter(({ keyword }) => keyword !== 'if');
  const told = own.slice(0, MOST_PROBLEMS).map(problem);
  const more = own.length - told.length;
  return `does not follow the results schema: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function problem({ instancePath, keyword, params, message, data }: ErrorObject): string {
  const place = pathInWords(instancePath) || 'the file';
  switch (keyword) {
    case 'required':
      return `${place} lacks "${params.missingProperty}"`;
    case 'additionalProperties':
      return `${place} has an unknown member "${params.additionalProperty}"`;
    case 'enum':
      return `${place} is ${shown(data)}; allowed are ${params.allowedValues.map(shown).join(', ')}`;
    default:
      return `${place} ${message}; given ${shown(data)}`;
  }
}

/** `/trials/3/score` as `trials[3].score`. */
function pathInWords(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`;
      return path === '' ? part : `${path}.${part}`;
    }, '');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
