import { InvalidDataError, messageOf } from '@espalier/core';
import type {
  DynamicGraphEvent,
  GraphElement,
  GraphQuestion,
  GraphUpdate,
  StartEvent,
} from './dynamic-graph.js';

/** Something that happened at a time. */
export interface TimedUpdate {
  /** Any finite number: seconds, milliseconds, days. */
  readonly time: number;
  readonly op: 'ins' | 'del';
  readonly id: GraphElement['id'];
}

/** A log as the plugin reads it. */
export interface UpdateLog {
  readonly vertices: number;
  /** Names of the vertices, where the log has other names than 0, 1, 2, ... */
  readonly labels?: readonly string[];
  readonly elements: readonly GraphElement[];
  readonly updates: readonly GraphUpdate[];
  /** A stream that asks `question` and replays the log. */
  readonly events: readonly DynamicGraphEvent[];
}

/** Updates in slots 0, 1, 2, ...: sorted by time, those of one time in the order given. @throws InvalidDataError for a time that is no number */
export function fromTimestamps(updates: readonly TimedUpdate[]): GraphUpdate[] {
  for (const { time, id } of updates) {
    if (!Number.isFinite(time))
      throw new InvalidDataError(
        `The time of element ${JSON.stringify(id)} is ${String(time)}; times are finite.`,
      );
  }
  return updates.toSorted((a, b) => a.time - b.time).map(({ op, id }) => [op, id]);
}

const INSERTIONS = ['ins', 'insert', 'add', '+', '1'];
const DELETIONS = ['del', 'delete', 'remove', '-', '-1'];

interface Row {
  readonly time: number;
  readonly op: 'ins' | 'del';
  readonly u: string;
  readonly v: string;
  readonly weight: number;
}

/**
 * Reads a log with the columns `time,op,u,v[,w]`; a first line that is no data is taken as a heading. op: ins, insert, add, + or del, delete,
 * remove, -. Rows may stand in any order of time. Vertices are numbers 0, 1, 2, ..., or names, which are numbered as they appear.
 * An element is called `u-v`; a second one that is present at the same time `u-v#2`, and a deletion takes the last.
 * @throws InvalidDataError that names the line
 */
export function readUpdateLog(
  text: string,
  question: GraphQuestion = { structure: 'connectivity' },
): UpdateLog {
  const rows = parseRows(text).sort((a, b) => a.time - b.time);
  const names = [...new Set(rows.flatMap(({ u, v }) => [u, v]))];
  const numbered = names.every((name) => /^\d{1,9}$/.test(name));
  const numbers = new Map(names.map((name, i) => [name, numbered ? Number(name) : i]));
  const vertices = numbered ? Math.max(...numbers.values()) + 1 : names.length;
  const elements = new Map<string, GraphElement>();
  const copies = new Map<string, number>();
  const updates = rows.map(({ op, u, v, weight }): GraphUpdate => {
    const pair = `${u}-${v}`;
    const count = copies.get(pair) ?? 0;
    if (op === 'del' && count === 0)
      throw new InvalidDataError(`The log deletes ${pair}, which is not there at that time.`);
    const copy = op === 'ins' ? count + 1 : count;
    copies.set(pair, op === 'ins' ? count + 1 : count - 1);
    const id = copy === 1 ? pair : `${pair}#${copy}`;
    const known = elements.get(id);
    if (op === 'ins' && known && known.weight !== weight)
      throw new InvalidDataError(`The log gives ${pair} two weights, ${known.weight} and ${weight}.`, {
        remedy: 'An element keeps its weight: give the pair another vertex name, or one weight.',
      });
    if (!known) elements.set(id, { id, u: numbers.get(u)!, v: numbers.get(v)!, weight });
    return [op, id];
  });
  const list = [...elements.values()];
  const start: StartEvent = { op: 'start', vertices, elements: list, question };
  return {
    vertices,
    ...(!numbered && { labels: names }),
    elements: list,
    updates,
    events: [start, ...updates.map(([op, id]): DynamicGraphEvent => ({ op, id }))],
  };
}

function parseRows(text: string): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = line.split(',').map((cell) => cell.trim());
    const [time = '', op = '', u = '', v = '', w = '1'] = cells;
    if (rows.length === 0 && !Number.isFinite(Number(time || Number.NaN))) continue;
    const word = op.toLowerCase();
    const sort = INSERTIONS.includes(word) ? 'ins' : DELETIONS.includes(word) ? 'del' : undefined;
    const weight = Number(w === '' ? 1 : w);
    const good =
      time !== '' && Number.isFinite(Number(time)) && sort && u !== '' && v !== '' && cells.length <= 5;
    if (!good || !Number.isSafeInteger(weight) || weight < 0)
      throw new InvalidDataError(
        `Line ${i + 1} is no row time,op,u,v[,w] with op ins or del and a non-negative integer w: ${line}`,
      );
    rows.push({ time: Number(time), op: sort, u, v, weight });
  }
  if (rows.length === 0) throw new InvalidDataError('The log has no rows time,op,u,v[,w].');
  return rows;
}

/** A stream from JSON. Single events are checked when they are processed. @throws InvalidDataError when it is no list of objects */
export function readStream(bytes: Uint8Array): readonly DynamicGraphEvent[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidDataError(`The file is no JSON: ${messageOf(cause)}`, { cause });
  }
  if (!Array.isArray(json) || !json.every((event) => typeof event === 'object' && event !== null))
    throw new InvalidDataError('The file holds no list of events.', {
      remedy: 'Write [{ "op": "start", ... }, { "op": "ins", "id": 0 }, ...].',
    });
  return json as DynamicGraphEvent[];
}
