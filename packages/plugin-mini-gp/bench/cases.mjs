import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BANDIT_TABLES, banditProblem } from '../dist/bandit-tables.js';
import { generatedProblem } from '../dist/index.js';

/** The benchmark's problems. Tables only where the data folder has them. */
export async function cases(dataFolder, seed) {
  const list = [
    {
      short: 'draw, A = 1,000, T = 1,500',
      name: 'draw of a Gaussian process (RBF, length scale 0.2), 1,000 candidates in [0, 1]^2, 1,500 evaluations',
      lengthScale: 0.2,
      problem: generatedProblem({ candidates: 1_000, budget: 1_500, seed }),
    },
  ];
  const data = { read: (path) => readFile(join(dataFolder, path)) };
  const budgets = { abalone: 1_000, cadata: 600 };
  for (const table of dataFolder ? BANDIT_TABLES : []) {
    const budget = budgets[table.name];
    const problem = await banditProblem(table, data, { budget, seed }).catch(() => undefined);
    if (!problem) continue;
    const size = problem.truth.length.toLocaleString('en');
    const evaluations = budget.toLocaleString('en');
    list.push({
      short: `${table.name}, A = ${size}, T = ${evaluations}`,
      name: `${table.name}, ${size} candidates, RBF with length scale 5, ${evaluations} evaluations`,
      lengthScale: 5,
      problem,
    });
  }
  return list;
}
