import type { DataFiles, DataSet } from '@espalier/core';
import type { BlackBoxProblem } from './black-box-optimization.js';
import { tableFromCsv } from './table-csv.js';
import { tabulatedProblem } from './tabulated-problem.js';

/** A regression table that is used as a black box. */
export interface BanditTable extends DataSet {
  readonly name: 'abalone' | 'cadata';
  readonly target: 'first' | 'last';
}

/** The two tables of the paper that are public. */
export const BANDIT_TABLES: readonly BanditTable[] = [
  {
    name: 'abalone',
    path: 'bandit/abalone.csv',
    target: 'last',
    summary: '4,177 abalones: sex, sizes and weights, and as the value their rings',
    origin: 'W. Nash et al. 1994, UCI Machine Learning Repository, CC BY 4.0; sex as 0, 1, 2, no header',
  },
  {
    name: 'cadata',
    path: 'bandit/cadata.csv',
    target: 'first',
    summary: '20,640 districts of California: 8 features, and as the value the median house price',
    origin:
      'R. K. Pace and R. Barry 1997, StatLib, US census of 1990, public domain; the value first, no header, empty cells allowed',
  },
];

/** The table of that name. */
export function banditTable(name: BanditTable['name']): BanditTable {
  return BANDIT_TABLES.find((table) => table.name === name)!;
}

/** RBF with length scale 5 on standardised features; the target in [0, 1]; xi = 0.1. */
export async function banditProblem(
  { path, target }: BanditTable,
  data: DataFiles,
  { budget, seed }: { readonly budget: number; readonly seed: number },
): Promise<BlackBoxProblem> {
  const { candidates, values } = tableFromCsv(new TextDecoder().decode(await data.read(path)), target);
  return tabulatedProblem(candidates, values, {
    kernel: { kind: 'rbf', lengthScale: 5 },
    noiseVariance: 0.01,
    budget,
    seed,
  });
}
