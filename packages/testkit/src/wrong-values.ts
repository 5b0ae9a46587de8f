import type { OptionsJsonSchema } from '@espalier/core';

/** One value of each JSON type, and numbers that JSON does not know. */
const SAMPLES: readonly (readonly [type: string, value: unknown])[] = [
  ['string', 'no such value'],
  ['string', '1'],
  ['number', 0.5],
  ['number', Number.NaN],
  ['number', Number.POSITIVE_INFINITY],
  ['boolean', true],
  ['null', null],
  ['object', { 'no-such-key': 1 }],
  ['array', [['no such element']]],
];

/** Values that an option of this schema must refuse: those of other types, fractions for integers, NaN and infinity. */
export function wrongValues(schema: OptionsJsonSchema): unknown[] {
  const types = typesOf(schema);
  if (types === undefined) return [];
  return SAMPLES.filter(
    ([type, value]) => !types.has(type) || (type === 'number' && !Number.isFinite(value)),
  ).map(([, value]) => value);
}

/** The JSON types that a schema allows; undefined where it does not say. */
function typesOf(schema: OptionsJsonSchema): ReadonlySet<string> | undefined {
  const alternatives = schema.anyOf ?? (schema.oneOf as readonly OptionsJsonSchema[] | undefined);
  if (alternatives) {
    const types = alternatives.map(typesOf);
    return types.every((set) => set !== undefined) ? new Set(types.flatMap((set) => [...set])) : undefined;
  }
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (schema.type !== undefined) return new Set([schema.type].flat());
  return values && new Set(values.map(jsonType));
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
