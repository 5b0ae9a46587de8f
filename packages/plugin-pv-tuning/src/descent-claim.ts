import { createRandom, defineClaim } from '@espalier/core';
import { roundedFigure } from './claim-words.js';
import { pvDescent } from './pv-descent.js';

const PROBLEMS = 20;
const SIZE = 6;

/** The theory: monotone steps on small quadratics. */
export const descent = defineClaim({
  name: 'descent',
  tier: 'quick',
  statement:
    'On 20 random quadratics of 6 coordinates and 3 values, phi never rises with exact and with linearized steps, and linearized ones get stuck higher more often than exact ones do.',
  paper: { figure: 'phi never rises (theorem)', setting: 'any objective with a Lipschitz gradient' },
  async measure({ seed, signal }) {
    const measured = {
      exactRises: 0,
      linearizedRises: 0,
      exactHigher: 0,
      linearizedHigher: 0,
      exactPhi: 0,
      linearizedPhi: 0,
    };
    for (let i = 0; i < PROBLEMS; i++) {
      signal?.throwIfAborted();
      const random = createRandom(1000 * seed + i);
      const root = Float64Array.from({ length: SIZE * SIZE }, () => random.normal());
      const a = Float64Array.from({ length: SIZE * SIZE }, (_, at) => {
        const [row, column] = [Math.floor(at / SIZE), at % SIZE];
        let sum = row === column ? 1 : 0;
        for (let k = 0; k < SIZE; k++) sum += root[row * SIZE + k] * root[column * SIZE + k];
        return sum;
      });
      const problem = { a, b: Float64Array.from({ length: SIZE }, () => 5 * random.normal()) };
      const start = {
        values: Float64Array.from({ length: 3 }, () => random.normal()),
        partition: Int32Array.from({ length: SIZE }, () => random.integer(3)),
      };
      const exact = pvDescent(problem, start, { step: 'exact', iterations: 20 });
      const linearized = pvDescent(problem, start, { step: 'linearized', iterations: 20 });
      measured.exactRises += rises(exact);
      measured.linearizedRises += rises(linearized);
      if (exact.phi > linearized.phi + 1e-9) measured.exactHigher++;
      if (linearized.phi > exact.phi + 1e-9) measured.linearizedHigher++;
      measured.exactPhi += exact.phi / PROBLEMS;
      measured.linearizedPhi += linearized.phi / PROBLEMS;
    }
    return measured;
  },
  figure: (measured) =>
    `mean phi ${roundedFigure(measured.exactPhi)} exact, ${roundedFigure(measured.linearizedPhi)} linearized; ${measured.exactRises + measured.linearizedRises} rises`,
  judge({ exactRises, linearizedRises, exactHigher, linearizedHigher }) {
    const monotone = exactRises === 0 && linearizedRises === 0;
    return {
      verdict: monotone && exactHigher < linearizedHigher ? 'holds' : monotone ? 'partly' : 'does not hold',
      reason: `phi rose ${exactRises} times with exact and ${linearizedRises} times with linearized steps; of ${PROBLEMS} problems exact ones ended higher on ${exactHigher}, linearized ones on ${linearizedHigher}.`,
    };
  },
});

/** Half steps after which phi is higher than before, but for rounding. */
function rises({
  afterP,
  afterV,
}: {
  readonly afterP: readonly number[];
  readonly afterV: readonly number[];
}): number {
  const halves = afterP.flatMap((value, i) => [value, afterV[i]]);
  return halves.filter((value, i) => i > 0 && value > halves[i - 1] + 1e-10 * Math.abs(halves[i - 1])).length;
}
