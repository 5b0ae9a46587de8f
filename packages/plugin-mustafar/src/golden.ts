import type { GoldenFile, GoldenRunner, GoldenRunners, Json } from '@espalier/core';
import { cacheTiles, float16FromFloat32, packTiles, tileBytes } from '@espalier/kernels';
import { type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { createPruning } from './create-pruning.js';
import { mustafar } from './mustafar.js';
import type { MustafarCache } from './mustafar-cache.js';
import { mustafarOptions } from './mustafar-options.js';
import type { PromptContext } from './pruning.js';

/** Of each head: rows of numbers. */
type Heads = number[][][];

const flat = (rows: number[][]): Float32Array => Float32Array.from(rows.flat());
const exact = () => ({ absolute: 0, relative: 0 });

interface PruneFile {
  readonly groupSize: number;
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  readonly cases: readonly {
    readonly target: 'key' | 'value';
    readonly method: string;
    readonly sparsity: number;
    readonly denseTail?: number;
  }[];
}

/** Every pruner, by its rule for prompts, on all tokens. */
const prune: GoldenRunner = {
  async run(file) {
    const { groupSize, q, k, v, cases } = file as unknown as PruneFile;
    const [tokens, d] = [k[0].length, k[0][0].length];
    const group = q.length / k.length;
    const context: PromptContext = {
      queries: k.map((_, head) => flat(q.slice(head * group, (head + 1) * group).flat())),
      group,
      keys: k.map(flat),
    };
    return {
      cases: cases.map(({ target, method, sparsity, denseTail = 0 }) => {
        const options = mustafarOptions.parse({
          [target === 'key' ? 'keyMethod' : 'valueMethod']: method,
          groupSize,
          schedule: 'token',
          window: 0,
        });
        const pruning = createPruning(target, d, sparsity, options);
        const rows = (target === 'key' ? k : v).map(flat);
        pruning.begin(rows, context);
        const masks = pruning.prune(rows.map((each) => each.subarray(0, (tokens - denseTail) * d)));
        const mask = masks.map((kept) =>
          Array.from({ length: tokens }, (_, token) =>
            token < tokens - denseTail ? kept.subarray(token * d, (token + 1) * d).join('') : '1'.repeat(d),
          ),
        );
        return { mask, kept: mask.flat().join('').replaceAll('0', '').length };
      }),
    };
  },
  tolerance: exact,
};

interface BitmapFile {
  readonly heads: readonly {
    readonly layout: 'key' | 'value';
    readonly x: number[][];
    readonly headStart: number;
  }[];
}

/** Both layouts of the reference's format. */
const bitmap: GoldenRunner = {
  async run(file) {
    let start = 0;
    const heads = (file as unknown as BitmapFile).heads.map(({ layout: target, x }) => {
      const [tokens, d] = [x.length, x[0].length];
      const layout = cacheTiles(target, tokens, d, 'padded');
      const at = (token: number, channel: number) => x[token][channel] ?? 0;
      const tiles = packTiles(layout, target === 'key' ? (row, output) => at(output, row) : at);
      const bytes = layout.width / 8;
      const head = {
        words: Array.from({ length: tiles.words.length / bytes }, (_, tile) =>
          Array.from(tiles.words.subarray(tile * bytes, (tile + 1) * bytes), (b) =>
            b.toString(16).padStart(2, '0'),
          ).join(''),
        ),
        offsets: [...tiles.offsets],
        values: [...tiles.values],
        headStart: start,
        bytesF16: tileBytes({ ...tiles, values: float16FromFloat32(tiles.values as Float32Array) }),
        bytesF32: tileBytes(tiles),
      };
      start += tiles.offsets.at(-1)! / 4;
      return head;
    });
    return { heads };
  },
  tolerance: exact,
};

interface DecodeFile {
  readonly cases: readonly {
    readonly options: object;
    readonly shape: { readonly queryHeads: number; readonly kvHeads: number; readonly headDim: number };
    readonly prompt: number;
    readonly q: Heads;
    readonly k: Heads;
    readonly v: Heads;
    readonly afterPrefill: Readonly<Record<string, number>>;
    readonly steps: readonly Readonly<Record<string, unknown>>[];
  }[];
}

/** A prompt, then tokens one by one: outputs, lengths and bytes after each. */
const decode: GoldenRunner = {
  async run(file) {
    const cases: Json[] = [];
    for (const { options, shape, prompt, q, k, v, afterPrefill, steps } of (file as unknown as DecodeFile)
      .cases) {
      const cache = mustafar.create(options).open({
        heads: shape.queryHeads,
        keyValueHeads: shape.kvHeads,
        headDimension: shape.headDim,
        layer: 0,
        layers: 1,
      }) as MustafarCache;
      const part = (start: number, end: number) =>
        [q, k, v].map((x) => tokensOf(x, start, end)) as [Tensor3D, Tensor3D, Tensor3D];
      const first = part(0, prompt);
      const output = cache.prefill(...first);
      const last = rowsAt(output, prompt - 1);
      for (const tensor of [...first, output]) tensor.dispose();
      const state = (wanted: Readonly<Record<string, unknown>>) => ({
        compressed: cache.keys.compressed,
        window: cache.keys.window,
        ...('bytesKey' in wanted && {
          bytesKey: cache.keys.storedBytes(),
          bytesValue: cache.values.storedBytes(),
        }),
      });
      const after = state(afterPrefill);
      const answers = steps.map((step, i) => {
        const next = part(prompt + i, prompt + i + 1);
        const answer = cache.decode(...next);
        const rows = rowsAt(answer, 0);
        for (const tensor of [...next, answer]) tensor.dispose();
        return { output: rows, ...state(step) };
      });
      cache.dispose();
      cases.push({ prefillOutput: last, afterPrefill: after, steps: answers } as unknown as Json);
    }
    return { cases };
  },
  tolerance(path, file: GoldenFile) {
    const name = path.find((part) => part === 'output' || part === 'prefillOutput');
    const stated = (file['tolerance'] as Record<string, unknown>)[String(name)];
    return { absolute: typeof stated === 'number' ? stated : 0, relative: 0 };
  },
};

function tokensOf(x: Heads, start: number, end: number): Tensor3D {
  return tensor3d(x.map((rows) => rows.slice(start, end)));
}

/** Row `token` of each head. */
function rowsAt(x: Tensor3D, token: number): number[][] {
  const [heads, tokens, d] = x.shape;
  const all = x.dataSync();
  return Array.from({ length: heads }, (_, head) => {
    const start = (head * tokens + token) * d;
    return [...all.slice(start, start + d)];
  });
}

const golden: GoldenRunners = { prune, bitmap, decode };
export default golden;
