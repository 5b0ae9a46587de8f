import type { Instance } from '@espalier/core';
import { canonicalJson } from './canonical-json.js';

/** Instances that differ in one number alone: bits, bytes, a regularisation. */
export interface Sweep {
  /** The parameter that differs. */
  readonly parameter: string;
  /** Ascending, three or more. */
  readonly steps: readonly { readonly value: number; readonly instance: Instance }[];
  /** What they share, for the title: numbers and words by name. */
  readonly shared: string;
}

const LEAST_STEPS = 3;

/** All sweeps of a scenario's instances; one instance may belong to several. */
export function sweepsOf(instances: readonly Instance[]): Sweep[] {
  const numeric = new Set(
    instances.flatMap(({ parameters }) =>
      Object.entries(parameters).flatMap(([name, value]) => (typeof value === 'number' ? [name] : [])),
    ),
  );
  return [...numeric].flatMap((parameter) => {
    const having = instances.filter(({ parameters }) => typeof parameters[parameter] === 'number');
    const groups = Map.groupBy(having, ({ parameters, source }) =>
      canonicalJson({ source, parameters: without(parameters, parameter) }),
    );
    return [...groups.values()].flatMap((group): Sweep[] => {
      const byValue = new Map(group.map((instance) => [Number(instance.parameters[parameter]), instance]));
      if (byValue.size < LEAST_STEPS) return [];
      const steps = [...byValue]
        .map(([value, instance]) => ({ value, instance }))
        .sort((a, b) => a.value - b.value);
      return [{ parameter, steps, shared: inWords(without(group[0]!.parameters, parameter)) }];
    });
  });
}

function without(parameters: Instance['parameters'], name: string): Instance['parameters'] {
  const { [name]: _left, ...rest } = parameters;
  return rest;
}

function inWords(parameters: Instance['parameters']): string {
  return Object.entries(parameters)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .map(([name, value]) => (typeof value === 'string' ? value : `${name} ${value}`))
    .join(', ');
}
