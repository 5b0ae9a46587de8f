import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidOptionsError } from './errors.js';
import { nearestNames } from './nearest-names.js';

/** A schema of options: any Standard Schema (zod, valibot, arktype, ...) that validates synchronously. */
export type OptionsSchema = StandardSchemaV1;

/** The part of JSON Schema (draft 2020-12) that help, forms and error messages read. */
export interface OptionsJsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, OptionsJsonSchema>>;
  readonly items?: OptionsJsonSchema;
  readonly anyOf?: readonly OptionsJsonSchema[];
  readonly oneOf?: readonly OptionsJsonSchema[];
  readonly [keyword: string]: unknown;
}

/**
 * Parses `given` by `schema`, defaults filled in.
 * @param owner named in the message, e.g. `algorithm 'sinkhorn'`
 * @throws InvalidOptionsError with the path, the value given and the values allowed, for every issue
 */
export function parseOptions<S extends OptionsSchema>(
  schema: S,
  given: unknown,
  owner: string,
): StandardSchemaV1.InferOutput<S> {
  const result = schema['~standard'].validate(given ?? {});
  if (result instanceof Promise) {
    throw new InvalidOptionsError(`The options schema of ${owner} validates asynchronously.`, {
      remedy: 'Use a schema without asynchronous checks.',
    });
  }
  if (!result.issues) return result.value as StandardSchemaV1.InferOutput<S>;
  const jsonSchema = optionsJsonSchema(schema);
  const issues = result.issues.map((issue) => describeIssue(issue, given, jsonSchema));
  throw new InvalidOptionsError(`Invalid options for ${owner}: ${issues.join('; ')}.`);
}

/** The schema as JSON Schema, or undefined where its library does not offer that (Standard JSON Schema). */
export function optionsJsonSchema(schema: OptionsSchema): OptionsJsonSchema | undefined {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  try {
    return standard.jsonSchema?.input({
      target: 'draft-2020-12',
      // zod: a type without JSON form (a function, say) allows anything instead of failing the whole schema.
      libraryOptions: { unrepresentable: 'any' },
    }) as OptionsJsonSchema | undefined;
  } catch {
    return undefined; // the library knows no JSON Schema for one of the types (a function, say)
  }
}

/** What a JSON schema allows, in words: `one of "a", "b"`, `number > 0`, ... */
export function describeAllowed(schema: OptionsJsonSchema): string {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return [...new Set(variants.map(describeAllowed))].join(' or ');
  if (schema.enum) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.properties) return describeObject(schema.properties);
  const type = schema.type === undefined ? 'value' : [schema.type].flat().join(' or ');
  // zod writes the range of safe integers into every integer schema: no news to a reader.
  const bounds = [
    schema.minimum !== undefined && schema.minimum > Number.MIN_SAFE_INTEGER && `>= ${schema.minimum}`,
    schema.exclusiveMinimum !== undefined && `> ${schema.exclusiveMinimum}`,
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER && `<= ${schema.maximum}`,
    schema.exclusiveMaximum !== undefined && `< ${schema.exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return bounds.length > 0 ? `${type} ${bounds.join(' and ')}` : type;
}

/** An object by what tells it from others (its constants), else by its keys: `{ policy: "ucb1", ... }`. */
function describeObject(properties: Readonly<Record<string, OptionsJsonSchema>>): string {
  const constants = Object.entries(properties).filter(([, { const: value }]) => value !== undefined);
  if (constants.length === 0) return `{ ${Object.keys(properties).join(', ')} }`;
  const rest = constants.length < Object.keys(properties).length ? ', ...' : '';
  return `{ ${constants.map(([key, { const: value }]) => `${key}: ${JSON.stringify(value)}`).join(', ')}${rest} }`;
}

function describeIssue(
  issue: StandardSchemaV1.Issue,
  given: unknown,
  root: OptionsJsonSchema | undefined,
): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  let value: unknown = given;
  let schema = root;
  for (const key of path) {
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
    schema = typeof key === 'number' ? schema?.items : schema?.properties?.[String(key)];
  }
  const allowed = schema?.properties
    ? describeKeys(value, Object.keys(schema.properties))
    : schema && `allowed: ${describeAllowed(schema)}`;
  const where = path.length > 0 ? `'${path.join('.')}'` : 'the options';
  return [`${where}: ${issue.message.replace(/\.$/, '')}`, `given: ${show(value)}`, allowed]
    .filter((part) => part)
    .join(', ');
}

/** For an object: the keys there are, and the nearest of them to each key that is none. */
function describeKeys(value: unknown, allowed: readonly string[]): string {
  const unknown = Object.keys((value as object | null) ?? {}).filter((key) => !allowed.includes(key));
  const near = unknown.flatMap((key) => nearestNames(key, allowed));
  const hint = near.length > 0 ? ` (did you mean ${near.map((key) => `'${key}'`).join(' or ')}?)` : '';
  return `allowed: ${allowed.join(', ') || 'none'}${hint}`;
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function') return 'a function';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
