import { MinHeap } from './min-heap.js';

/** A digraph as maps: `out[x]` holds the length of the shortest arc from x to each successor, `into` the same backwards. */
export interface ArcMaps {
  readonly out: Map<number, number>[];
  readonly into: Map<number, number>[];
}

/** A vertex that was taken out, with the arcs that it had at that moment. */
export interface EliminatedVertex {
  readonly vertex: number;
  readonly out: Map<number, number>;
  readonly into: Map<number, number>;
}

/** A vertex with more pairs of arcs than this stays: the shortcuts would cost more than they save. Ours; measured on road grids. */
const MOST_SHORTCUTS = 40;

/** Adds an arc, or shortens it. */
export function addArc({ out, into }: ArcMaps, from: number, to: number, length: number): void {
  if (from === to) return;
  const had = out[from].get(to);
  if (had !== undefined && had <= length) return;
  out[from].set(to, length);
  into[to].set(from, length);
}

/**
 * Takes out vertices that are no terminals, the ones with the fewest pairs of arcs first (min-degree), and adds a shortcut for each pair:
 * distances between all that stay are kept.
 * @returns those taken out, in this order
 */
export function eliminateVertices(arcs: ArcMaps, isTerminal: Uint8Array): EliminatedVertex[] {
  const { out, into } = arcs;
  const heap = new MinHeap();
  const pairs = (x: number) => out[x].size * into[x].size;
  for (let x = 0; x < out.length; x++) if (isTerminal[x] === 0) heap.push(pairs(x), x);
  const gone = new Uint8Array(out.length);
  const eliminated: EliminatedVertex[] = [];
  while (heap.size > 0) {
    const key = heap.least;
    const x = heap.pop();
    if (gone[x] === 1) continue;
    // Every change of its arcs put it into the heap anew: an entry of another number is out of date.
    if (pairs(x) !== key || key > MOST_SHORTCUTS) continue;
    gone[x] = 1;
    eliminated.push({ vertex: x, out: out[x], into: into[x] });
    for (const from of into[x].keys()) out[from].delete(x);
    for (const to of out[x].keys()) into[to].delete(x);
    for (const [from, first] of into[x])
      for (const [to, second] of out[x]) addArc(arcs, from, to, first + second);
    for (const y of new Set([...into[x].keys(), ...out[x].keys()]))
      if (isTerminal[y] === 0 && gone[y] === 0) heap.push(pairs(y), y);
  }
  return eliminated;
}
