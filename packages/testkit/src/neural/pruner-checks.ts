import type { CompressedWeight, OptionsSchema, PruneRequest, PrunerAlgorithm } from '@espalier/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { declarationChecks } from '../algorithm-checks.js';
import { assert, type Check, withKnownFailures } from '../check.js';
import { firstDifference } from '../same.js';
import {
  type Compression,
  type CompressionFixture,
  compressionChecks,
  forEachRequest,
} from './compression-checks.js';
import { matricesOf, parametersOf, takeValues } from './tensors.js';

/** What the author of a pruner supplies. */
export interface PrunerFixture extends CompressionFixture<PruneRequest> {
  /** The matrix that keeps to the pattern, where it is a factor of the weight; default the dense matrix. The check disposes of it. */
  patterned?(weight: CompressedWeight): Tensor2D;
}

/**
 * The rules that every pruner keeps. A tfjs backend must be registered. In a test file:
 * `for (const check of prunerChecks(wanda, fixture)) test(check.name, check.run);`
 */
export function* prunerChecks(
  algorithm: PrunerAlgorithm<string, OptionsSchema>,
  fixture: PrunerFixture,
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks(
  algorithm: PrunerAlgorithm<string, OptionsSchema>,
  fixture: PrunerFixture,
): Generator<Check> {
  const compression: Compression<PruneRequest> = {
    algorithm,
    fixture,
    compress: (model, request, run, options) =>
      algorithm.create(options ?? {}).prune(model, request, { seed: 1, ...run }),
  };
  yield* declarationChecks(algorithm);
  yield* compressionChecks(compression);
  yield {
    name: 'is the identity at sparsity 0',
    run: () =>
      forEachRequest(compression, async (_report, model, request) => {
        if (typeof request.pattern === 'object') return; // its sparsity follows from n and m
        const { model: same, droppedBlocks } = await compression.compress(model, { ...request, sparsity: 0 });
        const difference = firstDifference(await parametersOf(model), await parametersOf(same));
        same.dispose();
        assert(difference === undefined, `Sparsity 0 changes ${difference}.`);
        assert(droppedBlocks.length === 0, `Sparsity 0 drops ${droppedBlocks.join(', ')}.`);
      }),
  };
  yield {
    name: 'reaches the pattern and the sparsity that are asked for',
    run: () =>
      forEachRequest(compression, async ({ model }, _original, request) => {
        const layers = model.layers().filter(({ name }) => request.layers?.(name) ?? true);
        const found: Matrix[] = [];
        for (const { name, shape, weight } of layers) {
          const matrix = fixture.patterned?.(weight) ?? weight.toDense();
          found.push({ name, columns: shape[1], values: await takeValues(matrix) });
        }
        assertPattern(found, request);
      }),
  };
  yield {
    name: 'prunes nothing more when it prunes again',
    run: () =>
      forEachRequest(compression, async ({ model }, _original, request) => {
        const again = await compression.compress(model, request);
        const [first, second] = [await matricesOf(model), await matricesOf(again.model)];
        again.model.dispose();
        for (const [name, values] of first) {
          const difference = firstDifference(zeros(values), zeros(second.get(name)!));
          assert(difference === undefined, `${name}: the zeros are at other places (${difference}).`);
        }
      }),
  };
}

interface Matrix {
  readonly name: string;
  readonly columns: number;
  readonly values: Float32Array;
}

function zeros(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => (value === 0 ? 1 : 0));
}

/** @throws Error with the layer whose zeros are not those that were asked for */
function assertPattern(
  layers: readonly Matrix[],
  { pattern, sparsity, scope = 'layer' }: PruneRequest,
): void {
  if (pattern === 'blocks' || pattern === 'tokens' || pattern === 'shared') return; // no weight becomes zero
  if (typeof pattern === 'object') {
    for (const { name, values } of layers) assertGroups(name, values, pattern);
    return;
  }
  if (sparsity === undefined) return;
  const units = layers.map(({ name, columns, values }) => ({
    name,
    columns,
    marks: unitZeros(values, columns, pattern),
  }));
  const whole = units.flatMap(({ marks }) => [...marks]);
  const groups =
    scope === 'global' && units.length > 0
      ? [{ name: 'all layers', columns: units[0]!.columns, marks: Uint8Array.from(whole) }]
      : units;
  for (const { name, columns, marks } of groups) {
    const share = marks.reduce((a, b) => a + b, 0) / marks.length;
    // Counts are integers, for each layer or for each row.
    const rounding = 1 / (pattern === 'unstructured' ? columns : marks.length);
    assert(
      Math.abs(share - sparsity) <= rounding + 1e-9,
      `${name}: ${share} is zero (${pattern}); asked for ${sparsity}.`,
    );
  }
}

/** Of every m consecutive inputs at most n are kept. */
function assertGroups(
  name: string,
  values: Float32Array,
  { n, m }: { readonly n: number; readonly m: number },
): void {
  for (let at = 0; at < values.length; at += m) {
    const kept = values.subarray(at, at + m).filter((value) => value !== 0).length;
    assert(kept <= n, `${name}: ${kept} of ${m} consecutive inputs are kept; at most ${n} are allowed.`);
  }
}

/** For each element, row or column: 1 when all of it is zero. */
function unitZeros(
  values: Float32Array,
  columns: number,
  unit: 'unstructured' | 'rows' | 'columns',
): Uint8Array {
  if (unit === 'unstructured') return zeros(values);
  const count = unit === 'rows' ? values.length / columns : columns;
  const marks = new Uint8Array(count).fill(1);
  values.forEach((value, i) => {
    if (value !== 0) marks[unit === 'rows' ? Math.floor(i / columns) : i % columns] = 0;
  });
  return marks;
}
