import { claimChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import { conjugateGradient, cyclicCoordinateDescent, fastBcd, proximalGradient } from '../src/index.js';
import { compositeFixture } from './fixture.js';

describe.each([fastBcd, cyclicCoordinateDescent, proximalGradient])('$name', (solver) => {
  for (const check of solverChecks(solver, compositeFixture)) test(check.name, check.run);
});

describe('conjugate-gradient', () => {
  const { long: _other, ...fixture } = compositeFixture;
  for (const check of solverChecks(conjugateGradient, fixture)) test(check.name, check.run);
});

describe('claims', () => {
  const greedy = {
    random: 1000,
    cyclic: 900,
    gs: 10,
    gsd: 1,
    sortGs: 50,
    sortGsl: 8,
    sortGsd: 9,
    orderGsl: 20,
    gsdDiagonal: 1,
    sortGsdDiagonal: 9,
  };
  const matrix = {
    randomGradient: 1e6,
    gsdGradient: 10,
    randomMatrix: 100,
    gsMatrix: 1,
    gsdMatrix: 1e-3,
    gsqMatrix: 1e-3,
  };
  const reversed = (values: Record<string, number>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, 1 / value]));
  const graphs = (factor: number) =>
    Object.fromEntries(
      ['lattice', 'moons'].flatMap((prefix) =>
        ['gsTree', 'treePartitions', 'randomTree', 'redBlack', 'general'].map((rule, k) => [
          `${prefix}.${rule}`,
          1e-3 * factor ** k,
        ]),
      ),
    );
  const ending = (small: number, large: number, pn: number, pg: number) => ({
    support: 16,
    'PN.relative': pn < 9 ? 0 : 1,
    'random.iterations': 40 * 3,
    'random.identified': 1,
    ...Object.fromEntries(
      [small, large].flatMap((size) =>
        Object.entries({ PG: pg, TMP: pn + 2, PN: size === small ? 20 : pn }).flatMap(([label, count]) => [
          [`${label}@${size}.iterations`, count],
          [`${label}@${size}.identified`, 3],
        ]),
      ),
    ),
  });
  const cost = (forest: number, dense: number, difference: number) => ({
    difference,
    'forest.exponent': forest,
    'dense.exponent': dense,
    'forest.variables': 1e5,
    'forest.work': 1e6,
    'forest.milliseconds': 20,
    'dense.variables': 450,
    'dense.work': 1e7,
    'dense.milliseconds': 5,
  });
  const seconds = (greedySeconds: number, reached: number) => ({
    'greedy.seconds': greedySeconds,
    'greedy.iterations': 100,
    'greedy.value': reached === 1 ? 1e-6 : 0.1,
    'greedy.reached': reached,
    'random.seconds': 20,
    'random.iterations': 1000,
    'random.value': 0.1,
    'random.reached': 0,
  });
  const newton = { gsGradient: 10, gsEstimates: 5, gsdMatrix: 2, gsdNewton: 1e-6 };
  const checks = claimChecks(claims, {
    'greedy-blocks': { holds: greedy, fails: reversed(greedy) },
    'greedy-blocks-full': { holds: greedy, fails: reversed(greedy) },
    'matrix-updates': { holds: matrix, fails: reversed(matrix) },
    'matrix-updates-full': { holds: matrix, fails: reversed(matrix) },
    'newton-and-estimates': { holds: newton, fails: reversed(newton) },
    forests: { holds: graphs(3), fails: graphs(0.5) },
    'forests-full': { holds: graphs(3), fails: graphs(0.5) },
    'message-passing-cost': { holds: cost(1, 2.9, 1e-14), fails: cost(2, 2.1, 1) },
    'finite-termination': { holds: ending(5, 50, 3, 300), fails: ending(5, 50, 90, 100) },
    'finite-termination-full': { holds: ending(5, 100, 3, 300), fails: ending(5, 100, 90, 100) },
    'seconds-to-goal': { holds: seconds(1, 1), fails: seconds(19, 0) },
  });
  for (const check of checks) test(check.name, check.run);
});
