import {
  createRandom,
  type GoldenFile,
  type GoldenRunner,
  type GoldenRunners,
  type JsonObject,
  type Tolerance,
} from '@espalier/core';
import { keepLargest } from '@espalier/models';
import { sparseGpt } from '@espalier/models/layer-compressors';
import { type ArmorSettings, armorLayer } from './armor-layer.js';
import { Factorization, fromPanels, toPanels } from './factorization.js';
import { initialMask } from './initial-mask.js';
import { inputWeights, normalise } from './normalise.js';
import { nowagScores } from './nowag-p.js';
import { packBitmask, packNibbles } from './pack-core.js';
import { sparseCoreStep } from './sparse-core-step.js';
import { supportsOf } from './supports.js';

type Rows = number[][];

const flat = (rows: Rows): Float64Array => Float64Array.from(rows.flat());
const flatBlocks = (blocks: Rows[]): Float64Array => Float64Array.from(blocks.flat(2));
const rowsOf = (values: ArrayLike<number>, columns: number): Rows =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );
const blocksOf = (values: ArrayLike<number>, size: number): Rows[] =>
  Array.from({ length: values.length / (size * size) }, (_, block) =>
    rowsOf(Array.from(values).slice(block * size * size, (block + 1) * size * size), size),
  );

/** Numbers to the file's tolerance of that name, everything else exactly. */
const tolerance =
  (nameOf: (path: readonly (string | number)[]) => string) =>
  (path: readonly (string | number)[], file: GoldenFile): Tolerance => {
    const stated = (file['tolerance'] as JsonObject)[nameOf(path)];
    return { absolute: typeof stated === 'number' ? stated : 0, relative: 0 };
  };

interface RunFile {
  readonly W: Rows;
  readonly h: number[];
  readonly config: {
    readonly blockOut: number;
    readonly blockIn: number;
    readonly pattern: [number, number];
    readonly iterations: number;
    readonly adam: { readonly lr: number };
    readonly continuousUpdatesPerIter: number;
    readonly sparseUpdatesPerIter: number;
  };
}

/** A whole run with greedy selection. The reference keeps the last factors and does not stop early. */
const armorRun: GoldenRunner = {
  async run(file) {
    const { W, h, config } = file as unknown as RunFile;
    const columns = W[0].length;
    const [n, m] = config.pattern;
    const weight = flat(W);
    const settings: ArmorSettings = {
      blockOut: config.blockOut,
      blockIn: config.blockIn,
      pattern: { n, m },
      iterations: config.iterations,
      learningRate: config.adam.lr,
      continuousUpdates: config.continuousUpdatesPerIter,
      sparseUpdates: config.sparseUpdatesPerIter,
      selection: { rule: 'greedy', norm: 'L1' },
      wrappers: 'both',
      optimizer: 'adam',
      patience: Number.POSITIVE_INFINITY,
      relativeTolerance: 0,
      absoluteTolerance: 0,
      keepBest: false,
    };
    const mask = initialMask(weight, columns, h, { n, m }, 1 - n / m);
    const result = armorLayer(weight, columns, h, mask, settings, createRandom());
    const { rowNorms, columnNorms } = normalise(weight, columns);
    const { blockOut, blockIn } = config;
    const changed = mask.reduce(
      (groups, _, at) =>
        at % m === 0 && mask.subarray(at, at + m).some((kept, i) => kept !== result.mask[at + i])
          ? groups + 1
          : groups,
      0,
    );
    return {
      initial: { loss: result.initialLoss, mask: rowsOf(mask, columns) },
      loss_after_continuous: [...result.history.continuous],
      loss_after_sparse: [...result.history.sparse],
      final: {
        // The file's factors are those before the norms are folded in.
        A: blocksOf(
          result.a!.map((value, i) => value / rowNorms[Math.floor(i / blockOut)]),
          blockOut,
        ),
        B: blocksOf(
          result.b!.map(
            (value, i) => value / columnNorms[Math.floor(i / (blockIn * blockIn)) * blockIn + (i % blockIn)],
          ),
          blockIn,
        ),
        S: rowsOf(result.s, columns),
        mask: rowsOf(result.mask, columns),
        What: rowsOf(
          denseOf({ a: result.a!, s: result.s, b: result.b! }, columns, blockOut, blockIn),
          columns,
        ),
      },
      masked_groups_changed: changed,
    };
  },
  tolerance: tolerance((path) => {
    if (path.includes('mask') || path[0] === 'masked_groups_changed') return 'mask';
    return path[0] === 'final' ? 'params' : 'loss';
  }),
};

interface BaselinesFile {
  readonly W: Rows;
  readonly X: Rows;
  readonly sparsegpt24: { readonly percdamp: number; readonly blocksize: number };
}

/** The masks of magnitude, Wanda and NoWag-P, SparseGPT's weights, and what each costs. */
const baselines: GoldenRunner = {
  async run(file) {
    const { W, X, sparsegpt24 } = file as unknown as BaselinesFile;
    const [columns, weight] = [W[0].length, flat(W)];
    const hessian = new Float64Array(columns * columns);
    for (const x of X)
      for (let i = 0; i < columns; i++)
        for (let j = 0; j < columns; j++) hessian[i * columns + j] += (2 * x[i] * x[j]) / X.length;
    const h = Float64Array.from({ length: columns }, (_, j) => hessian[j * columns + j]);
    const { matrix, rowNorms, columnNorms } = normalise(weight, columns);
    const pattern = { n: 2, m: 4 };
    const maskOf = (scores: ArrayLike<number>) =>
      keepLargest(
        { matrix: new Float32Array(weight.length).fill(1), inputs: columns, pattern, sparsity: 0.5 },
        scores,
        'row',
      );
    const masks = {
      magnitude: maskOf(weight.map(Math.abs)),
      wanda: maskOf(weight.map((w, i) => Math.abs(w) * Math.sqrt(h[i % columns]))),
      nowagP: maskOf(nowagScores(weight, columns, h)),
    };
    const compensated = sparseGpt(weight, columns, hessian, {
      pattern,
      sparsity: 0.5,
      blockSize: sparsegpt24.blocksize,
      relativeDamping: sparsegpt24.percdamp,
    });
    const outputError = (pruned: Float64Array) => {
      const difference = weight.map((w, i) => w - pruned[i]);
      return quadratic(difference, hessian, columns) / quadratic(weight, hessian, columns);
    };
    const proxyLoss = (mask: Float32Array) => {
      const squares = (of: (i: number) => number) =>
        matrix.reduce((sum, _, i) => sum + of(i) ** 2 * h[i % columns], 0);
      return squares((i) => matrix[i] * (1 - mask[i])) / squares((i) => matrix[i]);
    };
    const each = <T>(of: (mask: Float32Array) => T) =>
      Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, of(mask)]));
    return {
      h: [...h],
      r1: [...columnNorms],
      r2: [...rowNorms],
      Wbar: rowsOf(matrix, columns),
      masks: each((mask) => rowsOf(mask, columns)),
      sparsegpt24: { W: rowsOf(compensated, columns) },
      relative_output_error: {
        ...each((mask) => outputError(weight.map((w, i) => w * mask[i]))),
        sparsegpt: outputError(compensated),
      },
      relative_proxy_loss: each(proxyLoss),
    };
  },
  tolerance: tolerance(([first]) => {
    if (first === 'h') return 'r1';
    return String(first).startsWith('relative') ? 'errors' : String(first);
  }),
};

interface PackFile {
  readonly S: Rows;
  readonly A: Rows[];
  readonly B: Rows[];
  readonly X: Rows;
}

/** Both layouts of a 2:4 core, and y = A (S (B x)). */
const packedApply: GoldenRunner = {
  async run(file) {
    const { S, A, B, X } = file as unknown as PackFile;
    const [columns, core] = [S[0].length, flat(S)];
    const { values, meta } = packNibbles(core, columns);
    const factors = { a: flatBlocks(A), s: core, b: flatBlocks(B) };
    const dense = denseOf(factors, columns, A[0].length, B[0].length);
    const Y = X.map((x) =>
      Array.from({ length: S.length }, (_, row) =>
        x.reduce((sum, value, column) => sum + value * dense[row * columns + column], 0),
      ),
    );
    return {
      values: rowsOf(values, columns / 2),
      meta_u32: rowsOf(meta, Math.ceil(columns / 32)),
      bitmask_u8: rowsOf(packBitmask(core, columns), Math.ceil(columns / 8)),
      Y,
    };
  },
  tolerance: tolerance(([first]) => (first === 'Y' ? 'Y' : 'pack')),
};

interface StepFile {
  readonly pattern: [number, number];
  readonly blockOut: number;
  readonly blockIn: number;
  readonly Wbar: Rows;
  readonly h: number[];
  readonly A: Rows[];
  readonly B: Rows[];
  readonly S: Rows;
  readonly mask: Rows;
}

/** One greedy update of the sparse core at given factors. */
const coreStep: GoldenRunner = {
  async run(file) {
    const { pattern, blockOut, blockIn, Wbar, h, A, B, S, mask } = file as unknown as StepFile;
    const columns = Wbar[0].length;
    const sizes = { rows: Wbar.length, columns, blockOut, blockIn };
    const f = new Factorization(sizes, flat(Wbar), inputWeights(h), Uint8Array.from(mask.flat()));
    f.a.set(flatBlocks(A));
    f.b.set(flatBlocks(B));
    f.s.set(toPanels(flat(S), sizes));
    f.evaluate();
    const before = f.loss();
    f.differentiate({ wrappers: false });
    const gradS = fromPanels(f.gradient.s.slice(), sizes);
    const [n, m] = pattern;
    const selected = sparseCoreStep(f, supportsOf(n, m), m, { rule: 'greedy', norm: 'L1' }, createRandom());
    return {
      gradS: rowsOf(gradS, columns),
      selected: selected.map(({ row, column }) => ({ row, col: column })),
      loss_before: before,
      loss_after: f.loss(),
      S_after: rowsOf(fromPanels(f.s.slice(), sizes), columns),
      mask_after: rowsOf(fromPanels(f.mask, sizes), columns),
    };
  },
  tolerance: tolerance(([first]) => {
    const names: Readonly<Record<string, string>> = {
      S_after: 'S',
      mask_after: 'mask',
      selected: 'mask',
      gradS: 'gradS',
    };
    return names[String(first)] ?? 'loss';
  }),
};

/** A S B, row-major. */
function denseOf(
  { a, s, b }: { readonly a: Float64Array; readonly s: Float64Array; readonly b: Float64Array },
  columns: number,
  blockOut: number,
  blockIn: number,
): Float64Array {
  const rows = s.length / columns;
  const sizes = { rows, columns, blockOut, blockIn };
  const f = new Factorization(
    sizes,
    new Float64Array(s.length),
    new Float64Array(columns).fill(1),
    new Uint8Array(s.length),
  );
  f.a.set(a);
  f.b.set(b);
  f.s.set(toPanels(s, sizes));
  f.evaluate();
  return fromPanels(f.error.slice(), sizes);
}

/** tr(D H D^T). */
function quadratic(d: Float64Array, hessian: Float64Array, columns: number): number {
  let sum = 0;
  for (let start = 0; start < d.length; start += columns)
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++) sum += d[start + i] * hessian[i * columns + j] * d[start + j];
  return sum;
}

const golden: GoldenRunners = {
  'armor-run-greedy': armorRun,
  'baselines-2of4': baselines,
  'packed24-apply': packedApply,
  'sparse-core-step': coreStep,
};
export default golden;
