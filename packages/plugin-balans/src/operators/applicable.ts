import { UnsupportedError } from '@espalier/core';
import type { VariableSets } from '../minimization.js';
import type { Relaxation } from '../relaxation.js';
import type { DestroyOperator } from './destroy-operator.js';

/** The operators that can work on a program, and why the others cannot. */
export interface ApplicableOperators {
  readonly operators: readonly DestroyOperator[];
  readonly leftOut: Readonly<Record<string, string>>;
}

/** @throws UnsupportedError when none can, with the reasons */
export function applicableOperators(
  given: readonly DestroyOperator[],
  sets: VariableSets,
  relaxation: Relaxation | undefined,
): ApplicableOperators {
  const missing: readonly [NonNullable<DestroyOperator['needs']>[number], boolean, string][] = [
    ['binaries', sets.binaries.length === 0, 'the program has no binary variables'],
    ['integers', sets.integers.length === 0, 'the program has no integer variables beside binary ones'],
    ['relaxation', relaxation === undefined, 'the relaxation was not solved in its time'],
  ];
  const operators: DestroyOperator[] = [];
  const leftOut: Record<string, string> = {};
  for (const operator of given) {
    const reason = missing.find(([need, absent]) => absent && operator.needs?.includes(need))?.[2];
    if (reason) leftOut[operator.name] = reason;
    else operators.push(operator);
  }
  if (operators.length > 0) return { operators, leftOut };
  const reasons = Object.entries(leftOut).map(([name, reason]) => `${name}: ${reason}`);
  throw new UnsupportedError(`No destroy operator can work on this program (${reasons.join('; ')}).`, {
    remedy: 'Name others in the option destroy, such as mutation_50, or give more time.',
  });
}
