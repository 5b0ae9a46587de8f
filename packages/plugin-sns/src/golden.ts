import type { GoldenFile, GoldenRunner, GoldenRunners, Json } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { solveAssignment } from './exact-assignment.js';
import { traceNewtonStep } from './golden-trace.js';
import {
  costMatrix,
  type Metric,
  type OptimalTransportProblem,
  type OptimalTransportSolution,
  pointCost,
} from './optimal-transport.js';
import { imageCost, imageMasses } from './pictures.js';
import { sinkhornNewtonSparse } from './sinkhorn-newton-sparse.js';
import { prepareTransport, sum } from './transport.js';

/** To machine precision: the files were computed to an L1 error below 1e-12. */
const solver = () => sinkhornNewtonSparse.create({ tolerance: 1e-13, maxFinishingSweeps: 0 });

interface AssignmentFile extends GoldenFile {
  readonly problem: {
    readonly C: number[][];
    readonly a: number[];
    readonly b: number[];
    readonly eta: number;
  };
  readonly trace?: { readonly N1: number; readonly kept: number };
  readonly exactAssignment?: Json;
}

/** A cost matrix: solution, plan, one Newton step taken apart, and the exact assignment. */
const assignment: GoldenRunner = {
  async run(file) {
    const { problem: p, trace, exactAssignment } = file as AssignmentFile;
    const cost = costMatrix(p.C);
    const problem = { cost, a: Float64Array.from(p.a), b: Float64Array.from(p.b), eta: p.eta };
    const solution = await solver().solve(problem);
    return {
      solution: { f: [...solution.f], g: [...solution.g], ...scalars(solution) },
      plan: rowsOf(solution.plan as Matrix),
      ...(trace && { trace: traceOf(problem, trace) }),
      ...(exactAssignment !== undefined && { exactAssignment: exact(problem) }),
    };
  },
  tolerance: (path, file) => absolute(file, toleranceName(path), 1e-10),
};

function traceOf(
  problem: OptimalTransportProblem,
  { N1, kept }: { readonly N1: number; readonly kept: number },
) {
  const step = traceNewtonStep(prepareTransport(problem), N1, kept);
  return {
    x: [...step.start.x],
    y: [...step.start.y],
    dual: step.start.value,
    gradient: [...step.gradient],
    rho: step.rho,
    keptEntries: positions(step.kept),
    directionCentred: [...step.direction.dx, ...step.direction.dy],
    directionalDerivative: step.directionalDerivative,
    alpha: step.alpha,
    dualAfter: step.after.value,
    marginalErrorAfter: step.after.error,
  };
}

function positions({
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

function exact(problem: OptimalTransportProblem) {
  const { c } = prepareTransport(problem);
  const { permutation, totalCost } = solveAssignment({ ...c, data: c.data.slice() });
  return { permutation: [...permutation], totalCost };
}

interface PointsFile extends GoldenFile {
  readonly problem: {
    readonly x: number[][];
    readonly y: number[][];
    readonly metric: Metric & string;
    readonly a: number[];
    readonly b: number[];
    readonly eta: number;
  };
  readonly unbalanced?: { readonly tau: number };
}

/** Point clouds with weights, zeros among them; then unbalanced on what has mass. */
const points: GoldenRunner = {
  async run(file) {
    const { problem: p, unbalanced } = file as PointsFile;
    const [a, b] = [Float64Array.from(p.a), Float64Array.from(p.b)];
    const solution = await solver().solve({ cost: pointCost(p.x, p.y, p.metric), a, b, eta: p.eta });
    return {
      solution: scalars(solution),
      plan: rowsOf(solution.plan as Matrix),
      ...(unbalanced && { unbalanced: await solveUnbalanced(p, unbalanced.tau) }),
    };
  },
  tolerance: (path, file) => absolute(file, toleranceName(path), 1e-10),
};

async function solveUnbalanced(p: PointsFile['problem'], tau: number) {
  const withMass = (masses: number[]) => masses.flatMap((mass, i) => (mass > 0 ? [i] : []));
  const [rows, columns] = [withMass(p.a), withMass(p.b)];
  const cost = pointCost(
    rows.map((i) => p.x[i]!),
    columns.map((j) => p.y[j]!),
    p.metric,
  );
  const a = Float64Array.from(rows, (i) => p.a[i]!);
  const b = Float64Array.from(columns, (j) => p.b[j]!);
  const solution = await solver().solve({ cost, a, b, eta: p.eta, tau });
  const plan = solution.plan as Matrix;
  return {
    f: [...solution.f],
    g: [...solution.g],
    mass: sum(plan.data),
    cost: solution.cost,
    objective: solution.regularizedCost,
    plan: rowsOf(plan),
  };
}

interface ImagesFile extends GoldenFile {
  readonly problem: {
    readonly pixelsA: number[];
    readonly pixelsB: number[];
    readonly background: number;
    readonly metric: Metric & string;
    readonly eta: number;
  };
  readonly rowSupport?: readonly (readonly [column: number, mass: number])[];
}

/** Two square pictures as distributions over their pixels. */
const images: GoldenRunner = {
  async run(file) {
    const { problem: p, rowSupport } = file as ImagesFile;
    const cost = imageCost(
      Math.round(Math.sqrt(p.pixelsA.length)),
      Math.round(Math.sqrt(p.pixelsB.length)),
      p.metric,
    );
    const solution = await solver().solve({
      cost,
      a: imageMasses(p.pixelsA, p.background),
      b: imageMasses(p.pixelsB, p.background),
      eta: p.eta,
    });
    const plan = solution.plan as Matrix;
    return {
      solution: { f: [...solution.f], g: [...solution.g], ...scalars(solution) },
      ...(rowSupport && {
        rowSupport: rowSupport.map((_, i) =>
          largestOf(plan.data.subarray(i * plan.cols, (i + 1) * plan.cols)),
        ),
      }),
    };
  },
  tolerance: (path, file) =>
    absolute(file, path[0] === 'rowSupport' ? 'planEntry' : toleranceName(path), 1e-10),
};

function largestOf(row: Float64Array): [number, number] {
  const column = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  return [column, row[column]!];
}

function scalars({ cost, regularizedCost, dual }: OptimalTransportSolution) {
  return { cost, regularizedCost, dual };
}

function rowsOf(matrix: Matrix): number[][] {
  return Array.from({ length: matrix.rows }, (_, i) => [
    ...matrix.data.subarray(i * matrix.cols, (i + 1) * matrix.cols),
  ]);
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

function absolute(file: GoldenFile, name: string, otherwise: number): { absolute: number; relative: number } {
  const stated = (file.tolerance as Readonly<Record<string, number>> | undefined)?.[name];
  return { absolute: stated ?? otherwise, relative: 0 };
}

const golden: GoldenRunners = { assignment, points, images };
export default golden;
