import type { GoldenFile, GoldenRunner, GoldenRunners, Json, JsonObject } from '@espalier/core';
import { csrToDense } from '@espalier/linalg';
import type { BottleneckCouplingSolution } from './bottleneck-coupling.js';
import { ebim, ebimUniform } from './ebim.js';
import { encoderGroups } from './encoder.js';
import { gridworld } from './golden-gridworld.js';
import { mec } from './mec.js';
import { mecB } from './mec-b.js';

interface EncodingCase extends JsonObject {
  readonly px: number[];
  readonly R: number;
}

interface EncodingFile extends GoldenFile {
  readonly cases?: readonly EncodingCase[];
  readonly curves?: readonly {
    readonly px: number[];
    readonly points: readonly (JsonObject & { R: number })[];
  }[];
}

/** Algorithm 1, the uniform quantizer and the bound; curves of the near-deterministic solution. */
const encodings: GoldenRunner = {
  async run(file) {
    const { cases, curves } = file as EncodingFile;
    return {
      ...(cases && { cases: await Promise.all(cases.map(encodingOf)) }),
      ...(curves && {
        curves: await Promise.all(
          curves.map(async ({ px, points }) => ({
            points: await Promise.all(points.map((point) => curvePoint(px, point))),
          })),
        ),
      }),
    };
  },
  tolerance: (_path, file) => stated(file, 'entropy'),
};

async function encodingOf(given: EncodingCase): Promise<JsonObject> {
  const problem = { px: Float64Array.from(given.px), R: given.R };
  const search = await ebim.create().solve(problem);
  const uniform = await ebimUniform.create().solve(problem);
  return pick(given, {
    // Which of equally likely symbols are merged is nobody's business.
    ...(allDifferent(given.px) && { groups: groupsOf(search) }),
    ht: search.ht,
    uniformGroups: groupsOf(uniform),
    uniformHt: uniform.ht,
    bound: search.bound,
  });
}

async function curvePoint(px: number[], point: JsonObject & { R: number }): Promise<JsonObject> {
  const problem = { px: Float64Array.from(px), R: point.R };
  const { ixt, ht } = await ebim.create({ method: 'near-deterministic' }).solve(problem);
  return pick(point, { ixt, ht });
}

interface CouplingCase extends JsonObject {
  readonly px: number[];
  readonly py: number[];
  readonly R?: number;
  readonly ebim?: JsonObject;
  readonly uniform?: JsonObject;
}

/** Greedy couplings, and what both encoders compose to. */
const couplings: GoldenRunner = {
  async run(file) {
    const { cases } = file as GoldenFile & { cases: readonly CouplingCase[] };
    return { cases: await Promise.all(cases.map(couplingOf)) };
  },
  // Of the informations the reference is as exact as of the masses: it leaves some of them out.
  tolerance: (path, file) => {
    const name = path.findLast((part) => typeof part === 'string') ?? '';
    return stated(file, /^(maxSeekingEntropy|zeroSeekingEntropy|ht)$/.test(name) ? 'entropy' : 'matrix');
  },
};

async function couplingOf(given: CouplingCase): Promise<JsonObject> {
  const [px, py] = [Float64Array.from(given.px), Float64Array.from(given.py)];
  const { coupling, jointEntropy } = await mec.create().solve({ px, py });
  const zero = await mec.create({ method: 'zero-seeking' }).solve({ px, py });
  const composed = async (section: JsonObject, encoder: 'search' | 'uniform') =>
    pick(section, compositionOf(await mecB.create({ encoder }).solve({ px, py, R: given.R! }), given.px));
  return pick(given, {
    maxSeeking: rowsOf(csrToDense(coupling)),
    maxSeekingEntropy: jointEntropy,
    zeroSeekingEntropy: zero.jointEntropy,
    ...(given.ebim && { ebim: await composed(given.ebim, 'search') }),
    ...(given.uniform && { uniform: await composed(given.uniform, 'uniform') }),
  });
}

function compositionOf(solution: BottleneckCouplingSolution, px: number[]): JsonObject {
  return {
    pxy: rowsOf(csrToDense(solution.pxy!)),
    ...(allDifferent(px) && { groups: groupsOf(solution) }),
    ht: solution.ht,
    ity: solution.ity,
    ixy: solution.ixy,
  };
}

const allDifferent = (values: number[]) => new Set(values).size === values.length;

const groupsOf = ({ encoder }: { encoder: Parameters<typeof encoderGroups>[0] }): Json =>
  encoderGroups(encoder).map((group) => [...group]);

function rowsOf({ rows, cols, data }: { rows: number; cols: number; data: Float64Array }): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

/** Those outputs that the section has. */
function pick(section: JsonObject, outputs: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => Object.hasOwn(section, name)));
}

/** The tolerance that a file states under a name, else 1e-9. */
function stated(file: GoldenFile, name: string): { absolute: number; relative: number } {
  const tolerances = file.tolerance as Readonly<Record<string, number>> | undefined;
  return { absolute: tolerances?.[name] ?? 1e-9, relative: 0 };
}

const golden: GoldenRunners = { ebim: encodings, coupling: couplings, gridworld };
export default golden;
