import { createRandom, type GoldenFile, type GoldenRunner, type JsonObject } from '@espalier/core';
import type { Objective } from './composite-minimization.js';
import type { FastBcdOptions } from './fast-bcd-options.js';
import { fixedRule } from './fixed-selection.js';
import { asListed, type GoldenData, goldenObjective, goldenTolerance } from './golden-file.js';
import { traceRun } from './golden-trace.js';
import { fixedPartition, type PartitionName } from './partition.js';
import { prepareProblem } from './prepare.js';
import type { SmoothModel } from './smooth-model.js';
import { type ScoredSelection, type VariableSelection, variableRule } from './variable-selection.js';

interface RunCase extends JsonObject {
  readonly loss: string;
  readonly partition: string;
  readonly selection: string;
  readonly update: string;
  readonly blockSize: number;
  readonly scoreNorm: 1 | 2 | null;
  readonly fixedBlocks: number[][] | null;
  readonly iterations: number;
  readonly blocks: number[][];
}

/** The files' names of rules and updates, and ours. */
const SELECTIONS: Readonly<Record<string, VariableSelection>> = {
  GS: 'gs',
  GSL: 'gsl',
  GSD: 'gsd',
  GSDHb: 'gsd-hb',
  GSQ: 'gsq',
  IHT: 'iht',
  Cyclic: 'cyclic',
};
const UPDATES: Readonly<Record<string, FastBcdOptions['update']>> = {
  Lb: 'gradient',
  Hb: 'matrix',
  LS: 'newton',
  LA: 'lipschitz-approximation',
};
const SCORED: readonly string[] = ['gs', 'gsl', 'gsd', 'gsd-hb'];

/** Deterministic runs of partition, selection and update: the blocks, the values, the end. */
export const blockRun: GoldenRunner = {
  async run(file) {
    const { data, cases } = file as GoldenFile & {
      readonly data: Readonly<Record<string, GoldenData>>;
      readonly cases: RunCase[];
    };
    const results = [];
    for (const one of cases) results.push(await runCase(one, goldenObjective(one.loss, data[one.loss])));
    return { cases: results };
  },
  tolerance: goldenTolerance,
};

async function runCase(one: RunCase, objective: Objective) {
  const { partition, blockSize, scoreNorm, iterations, blocks } = one;
  const selection = known(SELECTIONS, one.selection);
  const update = known(UPDATES, one.update);
  const { model } = prepareProblem({ objective });
  const variable = partition === 'VB';
  const fixed = variable ? undefined : partitionLike(partition.toLowerCase() as PartitionName, model, one);
  const rule = fixed
    ? fixedRule(selection, fixed, scoreNorm ?? 2, false)
    : variableRule(selection, blockSize, 'sweep', model.n, false);
  const scored = variable && SCORED.includes(selection) ? (selection as ScoredSelection) : undefined;
  const trace = await traceRun({ objective }, rule, scored, blocks, iterations, update);
  return {
    ...(fixed && { fixedBlocks: fixed.map((block) => [...block]) }),
    blocks: trace.blocks.map((block, k) => asListed(block, blocks[k])),
    values: trace.values,
    x: [...trace.x],
  };
}

function known<T>(names: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(names, name)) return names[name];
  throw new RangeError(`'${name}' is none of ${Object.keys(names).join(', ')}.`);
}

/** Our partition; the file's where they differ in the order of variables with equal scores alone. */
function partitionLike(
  name: PartitionName,
  model: SmoothModel,
  { blockSize, fixedBlocks }: RunCase,
): Int32Array[] {
  const ours = fixedPartition(name, model, blockSize, createRandom(0));
  if (!fixedBlocks) return ours;
  const scores = name.startsWith('h') ? model.boundRowSums() : model.lipschitz;
  const [one, other] = [ours.flatMap((block) => [...block]), fixedBlocks.flat()];
  const tied =
    name !== 'order' &&
    one.length === other.length &&
    one.every((i, k) => Math.abs(scores[i] - scores[other[k]]) <= 1e-12 * scores[i]);
  return tied ? fixedBlocks.map((block) => Int32Array.from(block)) : ours;
}
