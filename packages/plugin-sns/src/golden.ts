import type { GoldenFile, GoldenRunner, GoldenRunners, Json, JsonObject } from '@espalier/core';
import { costMatrix, pointCost } from './cost-input.js';
import { densePlan } from './dense-plan.js';
import { traceNewtonStep } from './newton-trace.js';
import type { Metric, OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';
import { imageCost, imageMasses } from './pictures.js';
import { solveAssignment } from './shortest-augmenting-paths.js';
import { sinkhornNewtonSparse } from './sinkhorn-newton-sparse.js';
import { prepareTransport, sum } from './transport.js';

/** To machine precision: the files were computed to an L1 error below 1e-12. */
const solve = (problem: OptimalTransportProblem) =>
  sinkhornNewtonSparse.create({ tolerance: 1e-13, maxNewton: 500, maxFinishingSweeps: 0 }).solve(problem);

/** What the problems of all kinds may hold beside their cost and masses. */
type CommonFields = Pick<OptimalTransportProblem, 'eta' | 'epsilon' | 'tau' | 'scaleCost'>;

/** A file of this package: beside the problem, sections of outputs; a section that is absent is not computed. */
interface TransportFile<Problem> extends GoldenFile {
  readonly problem: JsonObject & Problem;
  readonly solution?: JsonObject;
  readonly plan?: Json;
}

interface MatrixFields extends CommonFields {
  /** null forbids a pair. */
  readonly C: (number | null)[][];
  readonly a?: number[];
  readonly b?: number[];
}

interface AssignmentFile extends TransportFile<MatrixFields> {
  readonly trace?: JsonObject & { readonly N1: number; readonly kept: number };
  readonly exactAssignment?: Json;
}

/** A cost matrix: solution, plan, one Newton step taken apart, and the exact assignment. */
const assignment: GoldenRunner = {
  async run(file) {
    const { problem: p, solution, plan, trace, exactAssignment } = file as AssignmentFile;
    const problem = {
      ...commonOf(p),
      ...massesOf(p.a, p.b),
      cost: costMatrix(p.C.map((row) => row.map((entry) => entry ?? Number.POSITIVE_INFINITY))),
    };
    return {
      ...(await solvedSections(problem, solution, plan)),
      ...(trace && { trace: traceOf(problem, trace) }),
      ...(exactAssignment !== undefined && { exactAssignment: exactOf(problem) }),
    };
  },
  tolerance: (path, file) => absolute(file, toleranceName(path)),
};

function traceOf(
  problem: OptimalTransportProblem,
  { N1, kept }: { readonly N1: number; readonly kept: number },
): JsonObject {
  const step = traceNewtonStep(problem, { sweeps: N1, kept });
  return {
    x: [...step.start.x],
    y: [...step.start.y],
    dual: step.start.value,
    gradient: [...step.gradient],
    rho: step.rho,
    keptEntries: positionsOf(step.kept),
    directionCentred: [...step.direction.dx, ...step.direction.dy],
    directionalDerivative: step.directionalDerivative,
    alpha: step.alpha,
    dualAfter: step.after.value,
    marginalErrorAfter: step.after.error,
  };
}

function positionsOf({
  rows,
  rowPointers,
  columnIndices,
}: ReturnType<typeof traceNewtonStep>['kept']): number[][] {
  const list: number[][] = [];
  for (let i = 0; i < rows; i++) {
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) list.push([i, columnIndices[k]!]);
  }
  return list;
}

function exactOf(problem: OptimalTransportProblem): JsonObject {
  const { permutation, totalCost } = solveAssignment(prepareTransport(problem).c);
  return { permutation: [...permutation], totalCost };
}

interface PointsFields extends CommonFields {
  readonly x: number[][];
  readonly y: number[][];
  readonly metric?: Metric & string;
  readonly a?: number[];
  readonly b?: number[];
}

interface PointsFile extends TransportFile<PointsFields> {
  readonly unbalanced?: JsonObject & { readonly tau: number };
}

/** Point clouds with weights, zeros among them; then unbalanced on what has mass. */
const points: GoldenRunner = {
  async run(file) {
    const { problem: p, solution, plan, unbalanced } = file as PointsFile;
    const problem = { ...commonOf(p), ...massesOf(p.a, p.b), cost: pointCost(p.x, p.y, p.metric) };
    return {
      ...(await solvedSections(problem, solution, plan)),
      ...(unbalanced && { unbalanced: await unbalancedOf(p, unbalanced) }),
    };
  },
  tolerance: (path, file) => absolute(file, toleranceName(path)),
};

async function unbalancedOf(p: PointsFields, section: { readonly tau: number }): Promise<JsonObject> {
  const withMass = (masses: number[] | undefined, count: number) =>
    [...Array(count).keys()].filter((i) => masses === undefined || masses[i]! > 0);
  const [rows, columns] = [withMass(p.a, p.x.length), withMass(p.b, p.y.length)];
  const solution = await solve({
    ...commonOf(p),
    ...massesOf(p.a && rows.map((i) => p.a![i]!), p.b && columns.map((j) => p.b![j]!)),
    tau: section.tau,
    cost: pointCost(
      rows.map((i) => p.x[i]!),
      columns.map((j) => p.y[j]!),
      p.metric,
    ),
  });
  return pick(section, outputsOf(solution));
}

interface ImagesFields extends CommonFields {
  readonly pixelsA: number[];
  readonly pixelsB: number[];
  readonly background: number;
  readonly metric: Metric & string;
}

interface ImagesFile extends TransportFile<ImagesFields> {
  /** The largest entry of each of the first rows. */
  readonly rowSupport?: readonly (readonly [column: number, mass: number])[];
}

/** Two square pictures as distributions over their pixels. */
const images: GoldenRunner = {
  async run(file) {
    const { problem: p, solution, plan, rowSupport } = file as ImagesFile;
    const side = (pixels: number[]) => Math.round(Math.sqrt(pixels.length));
    const problem = {
      ...commonOf(p),
      cost: imageCost(side(p.pixelsA), side(p.pixelsB), p.metric),
      a: imageMasses(p.pixelsA, p.background),
      b: imageMasses(p.pixelsB, p.background),
    };
    const solved = await solve(problem);
    const { data, cols } = densePlan(solved);
    return {
      ...sectionsOf(solved, solution, plan),
      ...(rowSupport && {
        rowSupport: rowSupport.map((_, i) => largestOf(data.subarray(i * cols, (i + 1) * cols))),
      }),
    };
  },
  tolerance: (path, file) => absolute(file, path[0] === 'rowSupport' ? 'planEntry' : toleranceName(path)),
};

function largestOf(row: Float64Array): [number, number] {
  const column = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  return [column, row[column]!];
}

/** The fields that all kinds share; eta where neither it nor epsilon is given is refused by the solver. */
function commonOf({ eta, epsilon, tau, scaleCost }: CommonFields): CommonFields {
  return {
    ...(eta !== undefined && { eta }),
    ...(epsilon !== undefined && { epsilon }),
    ...(tau !== undefined && { tau }),
    ...(scaleCost !== undefined && { scaleCost }),
  };
}

function massesOf(
  a: number[] | undefined,
  b: number[] | undefined,
): Pick<OptimalTransportProblem, 'a' | 'b'> {
  return { ...(a && { a: Float64Array.from(a) }), ...(b && { b: Float64Array.from(b) }) };
}

async function solvedSections(
  problem: OptimalTransportProblem,
  solution: JsonObject | undefined,
  plan: Json | undefined,
): Promise<JsonObject> {
  return solution === undefined && plan === undefined ? {} : sectionsOf(await solve(problem), solution, plan);
}

function sectionsOf(
  solved: OptimalTransportSolution,
  solution: JsonObject | undefined,
  plan: Json | undefined,
): JsonObject {
  return {
    ...(solution && { solution: pick(solution, outputsOf(solved)) }),
    ...(plan !== undefined && { plan: outputsOf(solved).plan }),
  };
}

/** Everything that a section may ask for, under the names of the files. */
function outputsOf(solution: OptimalTransportSolution): JsonObject {
  const plan = densePlan(solution);
  return {
    f: [...solution.f],
    g: [...solution.g],
    cost: solution.cost,
    regularizedCost: solution.regularizedCost,
    objective: solution.regularizedCost,
    dual: solution.dual,
    mass: sum(plan.data),
    plan: Array.from({ length: plan.rows }, (_, i) => [
      ...plan.data.subarray(i * plan.cols, (i + 1) * plan.cols),
    ]),
  };
}

/** Those outputs that the section has. */
function pick(section: JsonObject, outputs: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => Object.hasOwn(section, name)));
}

/** The file's name for the tolerance of an output: it groups outputs of one sort. */
function toleranceName(path: readonly (string | number)[]): string {
  const name = path.findLast((part) => typeof part === 'string') ?? '';
  if (['f', 'g', 'x', 'y'].includes(name)) return 'potentials';
  if (['direction', 'directionCentred', 'directionalDerivative'].includes(name)) return 'direction';
  if (path[0] === 'unbalanced' && name === 'plan') return 'unbalancedPlan';
  if (name === 'plan') return 'plan';
  return ['cost', 'totalCost', 'mass'].includes(name) ? 'cost' : 'dual';
}

/** Where a file states no tolerance of that name. */
const OTHERWISE = 1e-10;

function absolute(file: GoldenFile, name: string): { absolute: number; relative: number } {
  const stated = file.tolerance as Readonly<Record<string, number>> | undefined;
  return { absolute: stated?.[name] ?? OTHERWISE, relative: 0 };
}

const golden: GoldenRunners = { assignment, points, images };
export default golden;
