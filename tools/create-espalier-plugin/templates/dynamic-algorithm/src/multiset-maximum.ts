import { defineProblemFamily, InvalidProblemError } from '@espalier/core';

/** A number joins or leaves a multiset. */
export interface MultisetEvent {
  readonly type: 'insert' | 'remove';
  /** Finite; one that is removed must be there. */
  readonly value: number;
}

/** After each event: the largest number, or undefined when the multiset is empty. */
export type Maximum = number | undefined;

/** The problem family: any other package can solve it too by naming it in `solves`. */
export const multisetMaximum = defineProblemFamily<readonly MultisetEvent[], readonly Maximum[]>({
  name: 'multiset-maximum',
  summary: 'The largest number of a multiset that changes.',
  formats: [
    {
      extensions: ['json'],
      summary: 'A list of events { type, value }.',
      read: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as MultisetEvent[],
    },
  ],
  solutionToJson: (answers) => answers.map((answer) => answer ?? null),
});

/** @throws InvalidProblemError for an event that is not possible now */
export function assertPossible({ type, value }: MultisetEvent, count: number): void {
  if (type !== 'insert' && type !== 'remove') {
    throw new InvalidProblemError(
      `The type of an event is 'insert' or 'remove'; given ${JSON.stringify(type)}.`,
    );
  }
  if (!Number.isFinite(value)) throw new InvalidProblemError(`A value is a finite number; given ${value}.`);
  if (type === 'remove' && count === 0) throw new InvalidProblemError(`${value} is not in the multiset.`);
}
