import type { Matrix } from '../src/matrix.js';
import { Arena } from '../src/workspace.js';

/** Where the operands of a test live: every function is tested in all of these places. */
export interface Place {
  readonly name: string;
  vector(values: ArrayLike<number>): Float64Array;
  matrix(a: Matrix): Matrix;
}

const heap: Place = {
  name: 'JavaScript heap',
  vector: (values) => Float64Array.from(values),
  matrix: (a) => ({ ...a, data: new Float64Array(a.data) }),
};

function workspacePlace(level: 'relaxed' | 'simd' | 'none'): Place {
  const arena = new Arena(64 * 2 ** 20, level);
  const floor = arena.mark();
  const makeRoom = (length: number): void => {
    if (arena.used + 8 * length > arena.capacity - 2 ** 20) arena.release(floor);
  };
  return {
    name: `workspace, ${level}`,
    vector: (values) => {
      makeRoom(values.length);
      return arena.place(values);
    },
    matrix: (a) => {
      makeRoom(a.data.length);
      return arena.placeMatrix(a);
    },
  };
}

/** The heap (SIMD by way of scratch memory), both SIMD modules, and the plain loops. */
export const places: readonly Place[] = [
  heap,
  workspacePlace('relaxed'),
  workspacePlace('simd'),
  workspacePlace('none'),
];
