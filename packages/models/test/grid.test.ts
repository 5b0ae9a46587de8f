import { expect, test } from 'vitest';
import { codeOf, gridOf } from '../src/layer-compressors/grid.js';

test.each([
  ['of both signs', [-1, 0.25, 0.5]],
  ['all positive', [0.5, 1, 0.9]],
  ['all negative', [-0.5, -1, -0.9]],
])('a symmetric grid spans a group from minus its largest size to that: %s', (_, group) => {
  const grid = gridOf(group, 0, 3, 4, true);
  expect(grid).toEqual({ scale: 2 / 15, zero: 8 });
  // The values are -8 to 7 times the scale: the largest one is up to one step beyond them.
  for (const value of group)
    expect(Math.abs(grid.scale * (codeOf(value, grid, 4) - 8) - value)).toBeLessThan(grid.scale);
});

test('a group of zeros has the grid from -1 to 1', () => {
  for (const symmetric of [true, false])
    expect(gridOf([0, 0], 0, 2, 2, symmetric)).toEqual({ scale: 2 / 3, zero: 2 });
});
