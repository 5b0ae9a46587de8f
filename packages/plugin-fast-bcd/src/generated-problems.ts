import { createRandom, type RandomSource } from '@espalier/core';
import { type CsrMatrix, CsrRowBuilder, csrFromTriplets, csrMatvec } from '@espalier/linalg';
import type { CompositeProblem } from './composite-minimization.js';
import { type LabelPropagation, labelPropagation } from './label-propagation.js';

/** Size of a data set; the paper's (A and B) is 1000 x 10000. */
export interface DesignSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The paper's sparse design: entries N(1, 1), column j scaled by 10 N(0, 1), an entry kept with probability 10 ln(rows)/rows.
 */
export function sparseDesignMatrix({ rows, columns }: DesignSize, random: RandomSource): CsrMatrix {
  const scales = Float64Array.from({ length: columns }, () => 10 * random.normal());
  const keep = Math.min(1, (10 * Math.log(rows)) / rows);
  const builder = new CsrRowBuilder(rows, columns, Math.ceil(1.1 * keep * rows * columns) + columns);
  const [indices, values] = [new Int32Array(columns), new Float64Array(columns)];
  for (let i = 0; i < rows; i++) {
    let kept = 0;
    for (let j = 0; j < columns; j++) {
      if (random.uniform() >= keep) continue;
      indices[kept] = j;
      values[kept++] = scales[j] * (random.normal() + 1);
    }
    builder.appendRow(indices.subarray(0, kept), values.subarray(0, kept));
  }
  return builder.finish();
}

/** N(0, 1) with probability 0.1, else 0. */
function sparseWeights(n: number, random: RandomSource): Float64Array {
  return Float64Array.from({ length: n }, () => (random.uniform() < 0.1 ? random.normal() : 0));
}

/** Data set A: least squares, y = X w + N(0, 1). */
export function leastSquaresData(size: DesignSize, seed: number): CompositeProblem {
  const random = createRandom(seed);
  const A = sparseDesignMatrix(size, random);
  const y = csrMatvec(A, sparseWeights(size.columns, random)).map((v) => v + random.normal());
  return { objective: { kind: 'least-squares', A, y } };
}

/** Data set A with x >= 0 and an L1 weight (the paper's: 50000 at full size, 20000 at 200 x 1000). */
export function nonNegativeData(size: DesignSize, weight: number, seed: number): CompositeProblem {
  return { ...leastSquaresData(size, seed), regularizer: { kind: 'non-negative', weight } };
}

/** Data set B: logistic regression, y = sign(X w), each sign flipped with probability 0.1. */
export function logisticData(size: DesignSize, seed: number): CompositeProblem {
  const random = createRandom(seed);
  const A = sparseDesignMatrix(size, random);
  const margins = csrMatvec(A, sparseWeights(size.columns, random));
  const y = margins.map((z) => (z >= 0 ? 1 : -1) * (random.uniform() < 0.1 ? -1 : 1));
  return { objective: { kind: 'logistic', A, y } };
}

/** Data set C: softmax, the label the largest entry of X W + N(0, 1) with W dense and normal. */
export function softmaxData(size: DesignSize, classes: number, seed: number): CompositeProblem {
  const random = createRandom(seed);
  const A = sparseDesignMatrix(size, random);
  const margins = Array.from({ length: classes }, () =>
    csrMatvec(
      A,
      Float64Array.from({ length: size.columns }, () => random.normal()),
    ).map((v) => v + random.normal()),
  );
  const labels = Int32Array.from({ length: size.rows }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (margins[c][i] > margins[best][i]) best = c;
    return best;
  });
  return { objective: { kind: 'softmax', A, labels, classes } };
}

/** Data set D: a lattice with weights 1e5, some random nodes labelled with 10 N(0, 1) (the paper: 50 x 50, 100 labels). */
export function latticeData(rows: number, columns: number, labels: number, seed: number): LabelPropagation {
  const random = createRandom(seed);
  const nodes = rows * columns;
  const labelled = random.sample(nodes, labels).sort();
  return labelPropagation({
    weights: latticeWeights(rows, columns, 1e5),
    labelled,
    labels: Float64Array.from(labelled, () => 10 * random.normal()),
    lattice: { rows, columns },
  });
}

function latticeWeights(rows: number, columns: number, weight: number): CsrMatrix {
  const [from, to]: [number[], number[]] = [[], []];
  const join = (a: number, b: number) => {
    from.push(a, b);
    to.push(b, a);
  };
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const node = column * rows + row;
      if (row + 1 < rows) join(node, node + 1);
      if (column + 1 < columns) join(node, node + rows);
    }
  }
  const nodes = rows * columns;
  return csrFromTriplets(nodes, nodes, from, to, new Float64Array(from.length).fill(weight));
}

/**
 * Data set E: two moons, 5 nearest neighbours with weight 1 made symmetric, some random nodes labelled with their class 1 or 2 (the
 * paper: 2000 points, 100 labels). A component that got no label gets that of its first node.
 */
export function twoMoonsData(points: number, labels: number, seed: number): LabelPropagation {
  const random = createRandom(seed);
  const classes = Float64Array.from({ length: points }, (_, i) => (i < points / 2 ? 1 : 2));
  const [px, py] = [new Float64Array(points), new Float64Array(points)];
  for (let i = 0; i < points; i++) {
    const phi = Math.PI * random.uniform();
    const [x, y] =
      classes[i] === 1 ? [Math.cos(phi), Math.sin(phi)] : [1 + Math.cos(phi), 0.5 - Math.sin(phi)];
    px[i] = x + 0.2 * random.normal();
    py[i] = y + 0.2 * random.normal();
  }
  const weights = nearestNeighbours(px, py, 5);
  const labelled = withEveryComponent(weights, random.sample(points, labels).sort());
  return labelPropagation({
    weights,
    labelled,
    labels: Float64Array.from(labelled, (node) => classes[node]),
  });
}

/** Edges of weight 1 to the k nearest points, in both directions. */
function nearestNeighbours(px: Float64Array, py: Float64Array, k: number): CsrMatrix {
  const n = px.length;
  const edges = new Set<number>();
  for (let i = 0; i < n; i++) {
    const distance = (j: number) => (px[i] - px[j]) ** 2 + (py[i] - py[j]) ** 2;
    const nearest = Array.from({ length: n }, (_, j) => j).sort((a, b) => distance(a) - distance(b));
    for (const j of nearest.filter((other) => other !== i).slice(0, k)) {
      edges.add(i * n + j);
      edges.add(j * n + i);
    }
  }
  const list = [...edges];
  return csrFromTriplets(
    n,
    n,
    list.map((edge) => Math.floor(edge / n)),
    list.map((edge) => edge % n),
    new Float64Array(list.length).fill(1),
  );
}

/** The labelled nodes, and the first node of each component that holds none of them. */
function withEveryComponent(
  { rows, rowPointers, columnIndices }: CsrMatrix,
  labelled: Int32Array,
): Int32Array {
  const seen = new Uint8Array(rows);
  const reach = (start: number) => {
    const queue = [start];
    seen[start] = 1;
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      for (let k = rowPointers[node]; k < rowPointers[node + 1]; k++) {
        if (seen[columnIndices[k]] === 1) continue;
        seen[columnIndices[k]] = 1;
        queue.push(columnIndices[k]);
      }
    }
  };
  for (const node of labelled) reach(node);
  const added: number[] = [];
  for (let node = 0; node < rows; node++) {
    if (seen[node] === 1) continue;
    added.push(node);
    reach(node);
  }
  return Int32Array.from([...labelled, ...added]).sort();
}
