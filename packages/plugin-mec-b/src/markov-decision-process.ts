import { InvalidProblemError, type RandomSource } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';

/** A finite world: what an action does in a state, and what a state is worth on entry. */
export interface MarkovDecisionProcess {
  readonly states: number;
  readonly actions: number;
  /** Where an episode begins. */
  readonly start: number;
  /** (states * actions) x states: row s * actions + a holds the law of the next state. */
  readonly transitions: CsrMatrix;
  /** Reward on entering each state. */
  readonly rewards: Float64Array;
  /** 1 for states that end an episode. */
  readonly terminal: Uint8Array;
}

/** @throws InvalidProblemError where sizes do not fit or a row of `transitions` is no distribution */
export function checkWorld(world: MarkovDecisionProcess): void {
  if (typeof world !== 'object' || world === null)
    throw new InvalidProblemError(
      `world is ${world}; it must be a MarkovDecisionProcess, such as gridWorld().`,
    );
  const { states, actions, start, transitions, rewards, terminal } = world;
  const wrong = (message: string): never => {
    throw new InvalidProblemError(`The world: ${message}.`);
  };
  if (!(Number.isInteger(states) && states > 0)) wrong(`states is ${states}; allowed are integers >= 1`);
  if (!(Number.isInteger(actions) && actions > 0)) wrong(`actions is ${actions}; allowed are integers >= 1`);
  if (!(Number.isInteger(start) && start >= 0 && start < states))
    wrong(`start is ${start}; allowed are states 0 to ${states - 1}`);
  if (transitions?.rows !== states * actions || transitions.cols !== states)
    wrong(
      `transitions must be ${states * actions} x ${states}; given ${transitions?.rows} x ${transitions?.cols}`,
    );
  if (rewards?.length !== states || !rewards.every(Number.isFinite))
    wrong(`rewards must be ${states} finite numbers`);
  if (terminal?.length !== states) wrong(`terminal must have ${states} entries`);
  const { rowPointers, values } = transitions;
  for (let row = 0; row < transitions.rows; row++) {
    let sum = 0;
    for (let k = rowPointers[row]!; k < rowPointers[row + 1]!; k++) {
      if (!(values[k]! >= 0)) wrong(`a transition from row ${row} has probability ${values[k]}`);
      sum += values[k]!;
    }
    if (!(Math.abs(sum - 1) <= 1e-9)) wrong(`row ${row} of transitions sums to ${sum}; allowed is 1`);
  }
}

/** Draws the state that follows. */
export function drawNextState(
  { actions, transitions }: MarkovDecisionProcess,
  state: number,
  action: number,
  random: RandomSource,
): number {
  const { rowPointers, columnIndices, values } = transitions;
  const row = state * actions + action;
  const last = rowPointers[row + 1]! - 1;
  let u = random.uniform();
  for (let k = rowPointers[row]!; k < last; k++) {
    u -= values[k]!;
    if (u < 0) return columnIndices[k]!;
  }
  return columnIndices[last]!;
}
