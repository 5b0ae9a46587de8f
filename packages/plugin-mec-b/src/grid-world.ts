import { InvalidProblemError } from '@espalier/core';
import { csrFromTriplets } from '@espalier/linalg';
import type { MarkovDecisionProcess } from './markov-decision-process.js';

/** A cell by row and column, from 0; row 0 is at the top. */
export type Cell = readonly [row: number, column: number];

/** A rectangle of cells with a goal, a trap and obstacles; the defaults are the world of the paper. */
export interface GridWorldSpec {
  /** Rows and columns. Default [8, 8]. */
  readonly shape?: readonly [rows: number, columns: number];
  /** Terminal cell with reward +1. Default [0, 7]. */
  readonly goal?: Cell;
  /** Terminal cell with reward -1. Default [1, 7]. */
  readonly trap?: Cell;
  /** Cells that cannot be entered. Default the diagonal (1, 1) to (7, 7). */
  readonly obstacles?: readonly Cell[];
  readonly start?: Cell;
  /** Probability of each of the two directions beside the intended one, in [0, 0.5]. Default 0.1. */
  readonly noise?: number;
  /** Reward of entering any other cell. Default 0. */
  readonly stepReward?: number;
}

/** Actions 0 up, 1 right, 2 down, 3 left: row and column that they add. */
const DIRECTIONS: readonly Cell[] = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
];

/**
 * The grid world of the Markov coding game (section 5; the paper's is 8 x 8). An action goes its way with probability 1 - 2 noise and
 * a quarter turn to either side with `noise` each; who would leave the grid or enter an obstacle stays. State = row * columns + column.
 * @throws InvalidProblemError where a cell is outside the grid, or start, goal or trap is an obstacle
 */
export function gridWorld(spec: GridWorldSpec = {}): MarkovDecisionProcess {
  const {
    shape: [rows, columns] = [8, 8],
    goal = [0, 7],
    trap = [1, 7],
    obstacles = [1, 2, 3, 4, 5, 6, 7].map((k): Cell => [k, k]),
    start = [5, 4],
    noise = 0.1,
    stepReward = 0,
  } = spec;
  if (![rows, columns].every((size) => Number.isInteger(size) && size > 0))
    throw new InvalidProblemError(`shape is [${rows}, ${columns}]; allowed are integers >= 1.`);
  if (!(noise >= 0 && noise <= 0.5)) throw new InvalidProblemError(`noise is ${noise}; allowed is [0, 0.5].`);
  if (!Number.isFinite(stepReward))
    throw new InvalidProblemError(`stepReward is ${stepReward}; allowed are finite numbers.`);
  const stateOf = (name: string, [row, column]: Cell): number => {
    const inside =
      [row, column].every(Number.isInteger) && row >= 0 && row < rows && column >= 0 && column < columns;
    if (!inside)
      throw new InvalidProblemError(
        `${name} [${row}, ${column}] is not in the grid of ${rows} x ${columns}.`,
      );
    return row * columns + column;
  };
  const blocked = new Set(obstacles.map((cell) => stateOf('The obstacle', cell)));
  const [goalState, trapState, startState] = [
    stateOf('The goal', goal),
    stateOf('The trap', trap),
    stateOf('The start', start),
  ];
  if (goalState === trapState || [goalState, trapState, startState].some((state) => blocked.has(state)))
    throw new InvalidProblemError('Goal and trap must be two cells, and they and the start no obstacles.');

  const states = rows * columns;
  const rewards = new Float64Array(states).fill(stepReward);
  const terminal = new Uint8Array(states);
  [rewards[goalState], rewards[trapState]] = [1, -1];
  [terminal[goalState], terminal[trapState]] = [1, 1];
  return {
    states,
    actions: DIRECTIONS.length,
    start: startState,
    transitions: gridTransitions(rows, columns, blocked, noise),
    rewards,
    terminal,
  };
}

function gridTransitions(rows: number, columns: number, blocked: ReadonlySet<number>, noise: number) {
  const [from, to, probabilities]: [number[], number[], number[]] = [[], [], []];
  const turns: readonly (readonly [turn: number, probability: number])[] = [
    [0, 1 - 2 * noise],
    [-1, noise],
    [1, noise],
  ];
  for (let state = 0; state < rows * columns; state++) {
    const [row, column] = [Math.floor(state / columns), state % columns];
    for (let action = 0; action < 4; action++) {
      for (const [turn, probability] of turns) {
        if (probability === 0) continue;
        const [down, right] = DIRECTIONS[(action + turn + 4) % 4]!;
        const [nextRow, nextColumn] = [row + down, column + right];
        const next = nextRow * columns + nextColumn;
        const inside = nextRow >= 0 && nextRow < rows && nextColumn >= 0 && nextColumn < columns;
        from.push(4 * state + action);
        to.push(inside && !blocked.has(next) ? next : state);
        probabilities.push(probability);
      }
    }
  }
  const states = rows * columns;
  return csrFromTriplets(4 * states, states, from, to, Float64Array.from(probabilities));
}
