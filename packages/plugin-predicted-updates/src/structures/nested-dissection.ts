import type { Incidence } from './edge-list.js';

/** A part of at most so many vertices is not divided any more. Ours. */
const SMALLEST = 4;

/** Share of a part that must lie on each side of its separator, where there is one like that. Ours. */
const BALANCE = 0.3;

/**
 * An order of elimination in which the vertices of a separator come after the two parts that it separates, and so on within each part: on
 * planar graphs it leaves few shortcuts and a flat elimination tree. A separator is a level of a breadth-first search from the
 * rim of the part (automatic nested dissection; George and Liu 1978). O(m log n) where the parts are balanced.
 * @param neighbour for each incidence the vertex at its other end
 * @returns the vertices, first to be eliminated first
 */
export function nestedDissection(
  vertices: number,
  { start }: Incidence,
  neighbour: Int32Array,
): Int32Array<ArrayBuffer> {
  const order = new Int32Array(vertices);
  /** The part of each vertex, while it has no place; a new number for each part. */
  const part = new Int32Array(vertices);
  const level = new Int32Array(vertices);
  let parts = 1;
  const stack: { readonly members: Int32Array; readonly place: number }[] = [
    { members: Int32Array.from({ length: vertices }, (_, x) => x), place: 0 },
  ];

  /** Vertices of the part of `root` that can be reached from it, by level; they go over to a new part. */
  const search = (root: number): Int32Array => {
    const [from, to] = [part[root], parts++];
    const reached = [root];
    part[root] = to;
    level[root] = 0;
    for (let at = 0; at < reached.length; at++) {
      const x = reached[at];
      for (let i = start[x]; i < start[x + 1]; i++) {
        const y = neighbour[i];
        if (part[y] !== from) continue;
        part[y] = to;
        level[y] = level[x] + 1;
        reached.push(y);
      }
    }
    return Int32Array.from(reached);
  };

  for (let item = stack.pop(); item; item = stack.pop()) {
    let { place } = item;
    const own = parts++;
    for (const x of item.members) part[x] = own;
    for (const root of item.members) {
      if (part[root] !== own) continue;
      let members = search(root);
      if (members.length > SMALLEST)
        for (let again = 0; again < 2; again++) members = search(members[members.length - 1]);
      const cut = members.length > SMALLEST ? separatorLevel(members, level) : -1;
      if (cut < 0) order.set(members, place);
      else {
        const separates = (x: number) => {
          if (level[x] !== cut) return false;
          for (let i = start[x]; i < start[x + 1]; i++)
            if (part[neighbour[i]] === part[x] && level[neighbour[i]] === cut + 1) return true;
          return false;
        };
        const separator = members.filter(separates);
        const rest = members.filter((x) => !separates(x));
        order.set(separator, place + rest.length);
        stack.push({ members: rest, place });
      }
      place += members.length;
    }
  }
  return order;
}

/** The smallest level with enough vertices before and after it, else the one in the middle; -1 where there are but two levels. */
function separatorLevel(members: Int32Array, level: Int32Array): number {
  const count = level[members[members.length - 1]] + 1;
  if (count < 3) return -1;
  const size = new Int32Array(count);
  for (const x of members) size[level[x]]++;
  let [best, middle, before] = [-1, 1, 0];
  for (let l = 0; l < count - 1; l++) {
    const after = members.length - before - size[l];
    if (before < members.length / 2 && l > 0) middle = l;
    const balanced = before >= BALANCE * members.length && after >= BALANCE * members.length;
    if (balanced && (best < 0 || size[l] < size[best])) best = l;
    before += size[l];
  }
  return best < 0 ? middle : best;
}
