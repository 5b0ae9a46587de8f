/** Edges of a small graph: `count` pairs (a[i], b[i]); arrays may be longer. */
export interface EdgeList {
  readonly count: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/** Room for some edges. */
export class EdgeBuffer implements EdgeList {
  count = 0;
  readonly a: Int32Array;
  readonly b: Int32Array;

  constructor(capacity: number) {
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
  }

  add(a: number, b: number): void {
    this.a[this.count] = a;
    this.b[this.count++] = b;
  }
}

/** The edges by vertex: those of x are `edge[start[x]..start[x+1]-1]`, a self loop twice. */
export interface Incidence {
  readonly start: Int32Array;
  readonly edge: Int32Array;
}

export function incidenceOf(vertices: number, { count, a, b }: EdgeList): Incidence {
  const start = new Int32Array(vertices + 1);
  for (let i = 0; i < count; i++) {
    start[a[i] + 1]++;
    start[b[i] + 1]++;
  }
  for (let x = 0; x < vertices; x++) start[x + 1] += start[x];
  const fill = start.slice(0, vertices);
  const edge = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    edge[fill[a[i]]++] = i;
    edge[fill[b[i]]++] = i;
  }
  return { start, edge };
}
