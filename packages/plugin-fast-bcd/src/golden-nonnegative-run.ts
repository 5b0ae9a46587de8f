import type { GoldenFile, GoldenRunner, JsonObject, Tolerance } from '@espalier/core';
import { csrFromTriplets } from '@espalier/linalg';
import type { CompositeProblem } from './composite-minimization.js';
import { fastBcd } from './fast-bcd.js';
import { asListed } from './golden-file.js';
import { traceRun } from './golden-trace.js';
import { variableRule } from './variable-selection.js';

interface NonNegativeCase extends JsonObject {
  readonly blockSize: number;
  readonly selection: string;
  readonly update: string;
  readonly iterations: number;
  readonly blocks: number[][];
  readonly values: number[];
}

interface NonNegativeFile extends GoldenFile {
  readonly rows: number;
  readonly columns: number;
  readonly triplets: [number, number, number][];
  readonly y: number[];
  readonly l1: number;
  readonly cases: NonNegativeCase[];
}

const UPDATES = { PG: 'gradient', TMP: 'two-metric', PN: 'projected-newton' } as const;

/** L1 non-negative least squares: PG, TMP and PN on blocks by gsq-nn, and the optimum. */
export const nonNegativeRun: GoldenRunner = {
  async run(file) {
    const { rows, columns, triplets, y, l1, cases } = file as NonNegativeFile;
    const A = csrFromTriplets(
      rows,
      columns,
      triplets.map(([row]) => row),
      triplets.map(([, column]) => column),
      Float64Array.from(triplets, ([, , value]) => value),
    );
    const problem: CompositeProblem = {
      objective: { kind: 'least-squares', A, y: Float64Array.from(y) },
      regularizer: { kind: 'non-negative', weight: l1 },
    };
    const results = [];
    for (const { blockSize, update, iterations, blocks } of cases) {
      if (!Object.hasOwn(UPDATES, update))
        throw new RangeError(`The update '${update}' is none of PG, TMP, PN.`);
      const rule = variableRule('gsq-prox', blockSize, 'sweep', columns, false);
      const name = UPDATES[update as keyof typeof UPDATES];
      const trace = await traceRun(problem, rule, 'gsq-prox', blocks, iterations, name);
      results.push({
        blocks: trace.blocks.slice(0, blocks.length).map((block, k) => asListed(block, blocks[k])),
        values: trace.values.map((value, k) => (k <= trace.determined ? value : null)),
        ...(trace.determined === iterations && { support: [...trace.support] }),
      });
    }
    const { value, support, x } = await fastBcd.create({ tolerance: 1e-13 }).solve(problem);
    return {
      cases: results,
      optimum: { value, support: [...support], x: [...support].map((i) => x[i]) },
    };
  },
  /** The values of a run are compared relative to the one at the start. */
  tolerance(path, file) {
    const { absolute, relative } = file.tolerance as unknown as Tolerance;
    const [section, index, name] = path;
    if (section !== 'cases' || name !== 'values') return { absolute, relative };
    const start = (file as NonNegativeFile).cases[Number(index)].values[0];
    return { absolute: relative * Math.abs(start), relative: 0 };
  },
};
