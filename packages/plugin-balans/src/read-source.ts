import { InvalidProblemError, isEspalierError, messageOf, UnsupportedError } from '@espalier/core';
import { assertMipArrays } from './check-arrays.js';
import { loadHighs } from './load-highs.js';
import type { MipArrays, MipSource } from './mixed-integer-program.js';

/**
 * The arrays of a program, checked. Text is read by HiGHS, in an instance of its own because malformed text may end it.
 * @throws InvalidProblemError for arrays or text that make no program
 * @throws UnsupportedError for semi-continuous variables, special ordered sets and quadratic parts
 */
export async function readArrays(source: MipSource): Promise<MipArrays> {
  const arrays = 'arrays' in source ? source.arrays : await readText(source);
  if (!arrays) throw new InvalidProblemError('The source of a program is { arrays }, { mps } or { lp }.');
  assertMipArrays(arrays);
  return arrays;
}

async function readText(source: Exclude<MipSource, { arrays: unknown }>): Promise<MipArrays> {
  const format = 'mps' in source ? 'mps' : 'lp';
  const given = 'mps' in source ? source.mps : source.lp;
  if (typeof given !== 'string' && !(given instanceof Uint8Array)) {
    throw new InvalidProblemError('The source of a program is { arrays }, { mps } or { lp }.');
  }
  const text = typeof given === 'string' ? given : new TextDecoder().decode(given);
  refuseOrderedSets(text, format);
  const highs = await loadHighs();
  try {
    const model = highs.createModel({ format, data: format === 'lp' ? withEnd(text) : text });
    const { numCols, hessian, integrality, matrix, offset, ...read } = model.getModel('csr');
    const { variableType, objectiveSense } = highs.constants;
    if (hessian) {
      throw new UnsupportedError('The program has a quadratic objective; only linear ones are solved.');
    }
    const names = Array.from({ length: numCols }, (_, j) => model.getColName(j));
    const semi = integrality.findIndex(
      (type) => type === variableType.semiContinuous || type === variableType.semiInteger,
    );
    if (semi >= 0) {
      throw new UnsupportedError(`Variable ${names[semi]} is semi-continuous, which is not supported.`, {
        remedy: 'Model it with a binary variable.',
      });
    }
    return {
      sense: read.sense === objectiveSense.maximize ? 'maximize' : 'minimize',
      c: read.colCost,
      offset,
      rows: { starts: matrix.starts, indices: matrix.indices, values: matrix.values },
      rowLower: read.rowLower,
      rowUpper: read.rowUpper,
      lower: read.colLower,
      upper: read.colUpper,
      integer: Uint8Array.from(integrality, (type) => (type === variableType.integer ? 1 : 0)),
      names,
    };
  } catch (cause) {
    if (isEspalierError(cause)) throw cause;
    // An abort of the module says nothing about the text.
    const said = messageOf(cause).startsWith('Aborted') ? 'it is malformed' : messageOf(cause).split('\n')[0];
    throw new InvalidProblemError(`The ${format.toUpperCase()} text cannot be read: ${said}.`, {
      remedy: 'Check its sections and numbers.',
      cause,
    });
  }
}

/** HiGHS aborts on LP text without its closing keyword. */
function withEnd(text: string): string {
  return /^\s*end\s*$/im.test(text) ? text : `${text}\nEnd\n`;
}

function refuseOrderedSets(text: string, format: 'mps' | 'lp'): void {
  const section = format === 'mps' ? /^(SOS\d?|SETS)\b/m : /^\s*sos\d?\s*$/im;
  if (section.test(text)) {
    throw new UnsupportedError('The program has special ordered sets, which are not supported.', {
      remedy: 'Model them with binary variables.',
    });
  }
}
