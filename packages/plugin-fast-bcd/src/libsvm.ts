import { InvalidDataError } from '@espalier/core';
import { type CsrMatrix, createCsr } from '@espalier/linalg';
import type { CompositeProblem, Objective } from './composite-minimization.js';
import { prepareProblem } from './prepare.js';

/** A data set in LIBSVM's format. */
export interface LibsvmData {
  readonly A: CsrMatrix;
  /** The number before the features of each line. */
  readonly targets: Float64Array;
}

/** Labels up to so many different integers are classes, above they are numbers to fit. */
const MOST_CLASSES = 100;
/** The L1 weight of a problem that is nothing but data, as a share of the smallest weight whose solution is 0. */
const WEIGHT_SHARE = 0.1;

/**
 * Reads lines `target index:value index:value ...`, indices from 1 and ascending within a line; `#` begins a comment, empty lines and
 * `qid:` fields are skipped.
 *
 * @param features number of columns; default the largest index
 * @throws InvalidDataError with the line that is wrong
 */
export function readLibsvm(bytes: Uint8Array, features?: number): LibsvmData {
  const targets: number[] = [];
  const [starts, columns, values]: [number[], number[], number[]] = [[0], [], []];
  let width = 0;
  for (const [index, line] of new TextDecoder().decode(bytes).split('\n').entries()) {
    const [target, ...fields] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (target === '') continue;
    targets.push(numberIn(target, index, 'target'));
    let last = 0;
    for (const field of fields) {
      if (field.startsWith('qid:')) continue;
      const colon = field.indexOf(':');
      const column = Number(field.slice(0, Math.max(0, colon)));
      if (colon < 1 || !Number.isSafeInteger(column) || column <= last) {
        throw new InvalidDataError(
          `Line ${index + 1}: '${field}' is no index:value with an index above ${last} (indices begin at 1 and ascend).`,
        );
      }
      last = column;
      columns.push(column - 1);
      values.push(numberIn(field.slice(colon + 1), index, `value of feature ${column}`));
    }
    width = Math.max(width, last);
    starts.push(columns.length);
  }
  if (targets.length === 0) throw new InvalidDataError('The file holds no example.');
  const cols = features ?? Math.max(1, width);
  if (width > cols)
    throw new InvalidDataError(`Feature ${width} occurs, but there are ${cols} features only.`);
  const A = createCsr(
    targets.length,
    cols,
    Int32Array.from(starts),
    Int32Array.from(columns),
    Float64Array.from(values),
  );
  return { A, targets: Float64Array.from(targets) };
}

function numberIn(text: string, line: number, what: string): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidDataError(`Line ${line + 1}: the ${what} is '${text}', which is no finite number.`);
}

/** A file of data as a problem: the loss follows from the labels, the L1 weight is 0.1 of the smallest that gives x = 0. */
export function readLibsvmProblem(bytes: Uint8Array): CompositeProblem {
  const objective = objectiveOf(readLibsvm(bytes));
  const { scale } = prepareProblem({ objective });
  return { objective, regularizer: { kind: 'l1', weight: WEIGHT_SHARE * scale } };
}

/** Logistic regression for two labels, softmax for more integers, least squares else. */
function objectiveOf({ A, targets }: LibsvmData): Objective {
  const labels = [...new Set(targets)].sort((a, b) => a - b);
  if (labels.length === 2) {
    return { kind: 'logistic', A, y: targets.map((target) => (target === labels[1] ? 1 : -1)) };
  }
  if (labels.length > 2 && labels.length <= MOST_CLASSES && labels.every(Number.isInteger)) {
    const classOf = new Map(labels.map((label, c) => [label, c]));
    return {
      kind: 'softmax',
      A,
      labels: Int32Array.from(targets, (target) => classOf.get(target) ?? 0),
      classes: labels.length,
    };
  }
  return { kind: 'least-squares', A, y: targets };
}
