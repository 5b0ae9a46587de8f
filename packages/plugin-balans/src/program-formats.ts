import { InvalidDataError, type Json, messageOf, type ProblemFormat } from '@espalier/core';
import type { MipSolution, MixedIntegerProgram } from './mixed-integer-program.js';
import { programFromRows, type RowProgram } from './row-program.js';

/** How files of programs are read: JSON, MPS and CPLEX-LP text, the texts also compressed by gzip. */
export const programFormats: readonly ProblemFormat<MixedIntegerProgram>[] = [
  {
    extensions: ['json'],
    summary:
      'c: [...], rows: [{ indices, values, lower, upper }], sense, offset, lower, upper, integer (0 or 1 each), names, start; ' +
      'null is an infinite bound',
    read: (bytes) => programFromRows(parseJson(new TextDecoder().decode(bytes))),
  },
  {
    extensions: ['mps', 'mps.gz'],
    summary: 'fixed or free MPS, also compressed by gzip',
    read: async (bytes) => ({ source: { mps: await decompress(bytes) } }),
  },
  {
    extensions: ['lp', 'lp.gz'],
    summary: 'CPLEX LP text, also compressed by gzip',
    read: async (bytes) => ({ source: { lp: await decompress(bytes) } }),
  },
];

/** The bytes as they are, or what gzip packed into them. @throws InvalidDataError when the archive is damaged */
export async function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b; // the mark of gzip
  if (!packed) return bytes;
  // A copy: a Blob takes no view of shared memory.
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new InvalidDataError(`The file is a damaged gzip archive: ${messageOf(cause)}.`, { cause });
  }
}

function parseJson(text: string): RowProgram {
  try {
    return JSON.parse(text) as RowProgram;
  } catch (cause) {
    throw new InvalidDataError(`The problem is no JSON: ${messageOf(cause)}.`, { cause });
  }
}

/** Values by name where there are names (zeros left out), as a list otherwise; a number that is none becomes null. */
export function solutionToJson({ x, names, ...rest }: MipSolution): Json {
  const values = names
    ? Object.fromEntries([...names.entries()].filter(([j]) => x[j]).map(([j, name]) => [name, x[j]!]))
    : [...x];
  return { ...(JSON.parse(JSON.stringify(rest)) as object), x: values };
}
