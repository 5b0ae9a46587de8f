import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeCost } from '../dist/cost.js';
import { randomAssignment } from '../dist/generated-problems.js';
import { imageCost, imageMasses } from '../dist/index.js';

/** The benchmark's problems, with a cost matrix and masses written out: peers need both. */
export async function cases(dataFolder) {
  const list = [
    {
      short: 'n = 200',
      name: 'random assignment, n = 200, eta = 1200',
      problem: { ...randomAssignment(200, 0), eta: 1200 },
    },
    {
      short: 'n = 500',
      name: 'random assignment, n = 500, eta = 1200',
      problem: { ...randomAssignment(500, 0), eta: 1200 },
    },
    {
      short: 'n = 500, eta = 100',
      name: 'random assignment, n = 500, eta = 100',
      problem: { ...randomAssignment(500, 0), eta: 100 },
    },
  ];
  const digits = await readDigits(dataFolder);
  if (digits) {
    list.push(
      {
        short: 'digits, squared',
        name: 'digits 0 and 9, squared distance, eta = 1200',
        problem: digits(0, 9, 'sqeuclidean'),
      },
      {
        short: 'digits, L1',
        name: 'digits 0 and 9, L1 distance, eta = 1200',
        problem: digits(0, 9, 'cityblock'),
      },
      {
        short: 'digits, L1, hard',
        name: 'digits 4 and 20, L1 distance, eta = 1200',
        problem: digits(4, 20, 'cityblock'),
      },
    );
  }
  return list.map((entry) => ({ ...entry, problem: writtenOut(entry.problem) }));
}

async function readDigits(dataFolder) {
  if (!dataFolder) return undefined;
  const text = await readFile(join(dataFolder, 'ot', 'mnist30.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { images } = JSON.parse(text);
  return (from, to, metric) => ({
    cost: imageCost(28, 28, metric),
    a: imageMasses(images[from].pixels, 0.01),
    b: imageMasses(images[to].pixels, 0.01),
    eta: 1200,
  });
}

function writtenOut(problem) {
  const cost = computeCost(problem);
  const uniform = (count) => new Float64Array(count).fill(1 / count);
  return {
    eta: problem.eta,
    cost,
    a: problem.a ?? uniform(cost.rows),
    b: problem.b ?? uniform(cost.columns),
  };
}
