import { InvalidProblemError } from '@espalier/core';
import type { GraphQuery } from './dynamic-graph.js';

/** The vertices that a query names. @throws InvalidProblemError unless they are `count` vertices of 0..vertices-1 */
export function vertexArguments(query: GraphQuery, count: number, vertices: number): readonly number[] {
  const [name, ...args] = query;
  const good = args.length === count && args.every((a) => Number.isInteger(a) && +a >= 0 && +a < vertices);
  if (!good)
    throw new InvalidProblemError(
      `The query ${JSON.stringify(query)} is not possible: '${name}' takes ${count} ${count === 1 ? 'vertex' : 'vertices'} of 0 to ${vertices - 1}.`,
    );
  return args as number[];
}

/** The error for a query that a structure does not know. */
export function unknownQuery(query: GraphQuery, known: readonly string[]): InvalidProblemError {
  return new InvalidProblemError(
    `The query ${JSON.stringify(query)} is not known; there ${known.length === 0 ? 'are none for this structure' : `are: ${known.join(', ')}`}.`,
  );
}
