import { createRandom, type DataFiles, type DataSet } from '@espalier/core';
import { generateStories, type Samples } from '@espalier/models';

export const DIGITS: DataSet = {
  path: 'digits/digits.csv',
  summary: '1,797 handwritten digits, 8 x 8.',
  origin: 'https://archive.ics.uci.edu/dataset/80 (CC BY 4.0)',
};

export const HOUSES: DataSet = {
  path: 'bandit/cadata.csv',
  summary: 'Prices of houses in California, eight features.',
  origin: 'https://lib.stat.cmu.edu/datasets/houses.zip',
};

export const TEXT: DataSet = {
  path: 'text/tinyshakespeare_input.txt',
  summary: "1.1 MB of Shakespeare's plays as one text.",
  origin: 'the tiny Shakespeare sample of char-rnn (A. Karpathy), public domain text',
};

/** A text as bytes, generated stories where none is present: the first nine tenths train. */
export async function text(data: DataFiles): Promise<[training: Uint8Array, test: Uint8Array]> {
  const bytes = (await data.has(TEXT.path))
    ? await data.read(TEXT.path)
    : new TextEncoder().encode(generateStories(220_000));
  const cut = Math.floor(0.9 * bytes.length);
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}

/** Digits where they are present, else ten classes of noisy patterns; the first four fifths train. */
export async function classes(data: DataFiles): Promise<[Samples, Samples]> {
  const rows = (await data.has(DIGITS.path))
    ? parseCsv(await data.read(DIGITS.path)).map((row) => row.map((x, i) => (i < 64 ? x / 16 : x)))
    : patterns();
  const samples = (part: number[][]): Samples => ({
    count: part.length,
    inputs: Float32Array.from(part.flatMap((row) => row.slice(0, 64))),
    inputShape: [64],
    targets: Int32Array.from(part, (row) => row[64]),
    targetShape: [],
  });
  const cut = Math.floor(0.8 * rows.length);
  return [samples(rows.slice(0, cut)), samples(rows.slice(cut))];
}

/** 1,000 rows of 64 numbers near one of ten patterns, and its class. */
function patterns(): number[][] {
  const random = createRandom(7);
  const centres = Array.from({ length: 10 }, () => Array.from({ length: 64 }, () => random.uniform()));
  return Array.from({ length: 1_000 }, (_, i) => [
    ...centres[i % 10].map((x) => x + 0.7 * random.normal()),
    i % 10,
  ]);
}

/** House prices where they are present, else a smooth function of eight numbers; standardised. */
export async function numbers(data: DataFiles): Promise<[Samples, Samples]> {
  const rows = (await data.has(HOUSES.path))
    ? parseCsv(await data.read(HOUSES.path)).map(([price, ...features]) => [...features, price])
    : surface();
  const width = rows[0].length;
  const standard = rows[0].map((_, column) => {
    const values = rows.map((row) => row[column]);
    const average = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length) || 1;
    return { average, deviation };
  });
  const random = createRandom(11);
  const order = [...random.sample(rows.length, rows.length)];
  const samples = (part: number[]): Samples => {
    const scaled = part.map((i) => rows[i].map((x, c) => (x - standard[c].average) / standard[c].deviation));
    return {
      count: part.length,
      inputs: Float32Array.from(scaled.flatMap((row) => row.slice(0, width - 1))),
      inputShape: [width - 1],
      targets: Float32Array.from(scaled, (row) => row[width - 1]),
      targetShape: [1],
    };
  };
  const cut = Math.floor(0.8 * order.length);
  return [samples(order.slice(0, cut)), samples(order.slice(cut))];
}

function surface(): number[][] {
  const random = createRandom(5);
  return Array.from({ length: 2_000 }, () => {
    const x = Array.from({ length: 8 }, () => random.normal());
    return [...x, Math.sin(x[0]) + x[1] * x[2] + 0.5 * x[3] ** 2 + 0.1 * random.normal()];
  });
}

/** Rows of numbers without a line of names; an empty cell gets the median of its column. */
function parseCsv(bytes: Uint8Array): number[][] {
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  const rows = lines.map((line) =>
    line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell))),
  );
  for (let column = 0; column < rows[0].length; column++) {
    const known = rows.map((row) => row[column]).filter((x) => !Number.isNaN(x));
    if (known.length === rows.length) continue;
    const median = known.sort((a, b) => a - b)[known.length >> 1];
    for (const row of rows) if (Number.isNaN(row[column])) row[column] = median;
  }
  return rows;
}
