import {
  type CodebookLayer,
  codebooksAreCoded,
  scalesAreCoded,
  tileSize,
  tilesPerScale,
} from './codebook-layer.js';

/** Numbers as codes into short tables: number i of row r is `tables[r * 2^bits + codes[r * length + i]]`. */
export interface Coded {
  readonly bits: number;
  /** Numbers of a row. */
  readonly length: number;
  readonly codes: Uint16Array;
  readonly tables: Float64Array;
}

/** The second level of a layer: what stands in place of its codebooks and scales. */
export interface SecondLevel {
  /** A row for each codebook, value group and position in the tile. */
  readonly codebooks?: Coded;
  /** A row for each out-group. */
  readonly scales?: Coded;
}

/** Codes codebooks and scales once more, where the layout says so. */
export function codeSecondLevel({ layout, codebooks, scales }: CodebookLayer): SecondLevel {
  return {
    ...(codebooksAreCoded(layout) && {
      codebooks: codeRows(
        codebookRows(layout).map((at) => codebooks[at]),
        rowLength(layout),
        layout.codebookValueBits!,
      ),
    }),
    ...(scalesAreCoded(layout) && { scales: codeRows(scales, tilesPerScale(layout), layout.scaleBits!) }),
  };
}

/** The layer with the codebooks and scales that a second level stands for. */
export function readSecondLevel(layer: CodebookLayer, second: SecondLevel): CodebookLayer {
  let { codebooks, scales } = layer;
  if (second.codebooks) {
    const values = readRows(second.codebooks);
    codebooks = new Float64Array(values.length);
    codebookRows(layer.layout).forEach((at, i) => {
      codebooks[at] = values[i];
    });
  }
  if (second.scales) scales = readRows(second.scales);
  return { ...layer, codebooks, scales };
}

/** What a layer stands for once its second level is coded; the layer itself where there is none. */
export function asCoded(layer: CodebookLayer): CodebookLayer {
  const { layout } = layer;
  if (!codebooksAreCoded(layout) && !scalesAreCoded(layout)) return layer;
  return readSecondLevel(layer, codeSecondLevel(layer));
}

/** Numbers of a row of codebook values. */
export const rowLength = ({ codeBits, codebookValueGroups = 1 }: CodebookLayer['layout']): number =>
  2 ** codeBits / codebookValueGroups;

/** Where the numbers of the rows stand in the codebooks: by codebook, value group and position, then by vector. */
function codebookRows(layout: CodebookLayer['layout']): Float64Array {
  const [size, length] = [tileSize(layout), rowLength(layout)];
  const stretches = layout.codebooks * (layout.codebookValueGroups ?? 1);
  const order = new Float64Array(stretches * length * size);
  let at = 0;
  for (let stretch = 0; stretch < stretches; stretch++)
    for (let k = 0; k < size; k++)
      for (let vector = 0; vector < length; vector++) order[at++] = (stretch * length + vector) * size + k;
  return order;
}

/** Rows by one-dimensional k-means, each with a table of 2^bits numbers. */
export function codeRows(values: Float64Array, length: number, bits: number): Coded {
  const [rows, count] = [values.length / length, 2 ** bits];
  const codes = new Uint16Array(values.length);
  const tables = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * length, (row + 1) * length);
    const table = fitTable(line, count);
    tables.set(table, row * count);
    line.forEach((value, i) => {
      codes[row * length + i] = nearest(table, value);
    });
  }
  return { bits, length, codes, tables };
}

export function readRows({ bits, length, codes, tables }: Coded): Float64Array {
  const count = 2 ** bits;
  return Float64Array.from(codes, (code, i) => tables[Math.floor(i / length) * count + code]);
}

/** More iterations change little: a row has few numbers. */
const ITERATIONS = 100;

/** Lloyd's algorithm on a line, from evenly spaced ranks; the table is sorted. A cell without numbers keeps its centre. */
export function fitTable(values: Float64Array, count: number): Float64Array {
  const sorted = values.slice().sort();
  const table = Float64Array.from(
    { length: count },
    (_, i) => sorted[Math.round((i * (sorted.length - 1)) / Math.max(count - 1, 1))],
  );
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let moved = false;
    for (let i = 0, start = 0; i < count; i++) {
      // Cells of a sorted line are stretches between the middles of neighbouring centres.
      const middle = i + 1 < count ? (table[i] + table[i + 1]) / 2 : Number.POSITIVE_INFINITY;
      let [sum, end] = [0, start];
      for (; end < sorted.length && sorted[end] <= middle; end++) sum += sorted[end];
      if (end > start && sum / (end - start) !== table[i]) {
        table[i] = sum / (end - start);
        moved = true;
      }
      start = end;
    }
    if (!moved) break;
  }
  return table.sort();
}

/** Index of the nearest number of a sorted table; the first on ties. */
function nearest(table: Float64Array, value: number): number {
  let [low, high] = [0, table.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle] < value) low = middle + 1;
    else high = middle;
  }
  // `low` is the first that is not below.
  if (low > 0 && value - table[low - 1] <= Math.abs(table[low] - value)) low--;
  while (low > 0 && table[low - 1] === table[low]) low--;
  return low;
}
