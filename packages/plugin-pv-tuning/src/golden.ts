import type { GoldenFile, GoldenRunner, GoldenRunners, JsonObject, Tolerance } from '@espalier/core';
import { createRandom } from '@espalier/core';
import { updateCodes } from './code-update.js';
import {
  bitsPerWeight,
  type CodebookLayer,
  type CodebookLayout,
  dequantizeTiles,
  fromTiles,
  tilesPerScale,
  toTiles,
} from './codebook-layer.js';
import { initialise } from './initialise.js';
import { pvDescent } from './pv-descent.js';
import { TunedLayer, tilesThatDiffer } from './tuned-layer.js';

type Rows = number[][];
type Path = readonly (string | number)[];

const flat = (nested: readonly unknown[]): Float64Array =>
  Float64Array.from(nested.flat(Number.POSITIVE_INFINITY) as number[]);

/** Numbers in lists of the given sizes. */
function nest(values: ArrayLike<number>, shape: readonly number[]): never {
  let parts: unknown[] = Array.from(values);
  for (const size of shape.slice(1).reverse())
    parts = Array.from({ length: parts.length / size }, (_, i) => parts.slice(i * size, (i + 1) * size));
  return parts as never;
}

/** Numbers to the file's tolerance of that name, everything else exactly. */
const tolerance =
  (nameOf: (path: Path) => string) =>
  (path: Path, file: GoldenFile): Tolerance => {
    const stated = (file['tolerance'] as JsonObject)[nameOf(path)];
    return { absolute: typeof stated === 'number' ? stated : 0, relative: 0 };
  };

const lastName = (path: Path): string => String(path.findLast((part) => typeof part === 'string'));

function lists({ layout, codes, codebooks, scales }: CodebookLayer, scaleShape: readonly number[]) {
  const { outGroup, inGroup } = layout;
  return {
    codes: nest(codes, [scales.length, tilesPerScale(layout), layout.codebooks]),
    codebooks: nest(codebooks, [layout.codebooks, 2 ** layout.codeBits, outGroup, inGroup]),
    scales: nest(scales, scaleShape),
  };
}

interface InitFile {
  readonly W: Rows;
  readonly inGroup: number;
  readonly outGroup: number;
  readonly numCodebooks: number;
  readonly bitsPerCode: number;
  readonly initIndices: Rows;
  readonly scales: unknown[];
}

/** Scales and residual k-means from given first centroids. */
const vqInit: GoldenRunner = {
  async run(file) {
    const { W, inGroup, outGroup, numCodebooks, bitsPerCode, initIndices, scales } =
      file as unknown as InitFile;
    const layout: CodebookLayout = {
      outputs: W.length,
      inputs: W[0].length,
      outGroup,
      inGroup,
      codebooks: numCodebooks,
      codeBits: bitsPerCode,
    };
    const layer = initialise(flat(W), layout, { init: initIndices, initIterations: 1000 }, createRandom());
    return {
      ...lists(layer, shapeOf(scales)),
      dequantized: nest(fromTiles(dequantizeTiles(layer), layout), [W.length, W[0].length]),
      bitsPerParameter: bitsPerWeight(layout),
    };
  },
  tolerance: tolerance(([first]) => (first === 'bitsPerParameter' ? 'bits' : String(first))),
};

/** Sizes of a nested list. */
function shapeOf(nested: unknown): readonly number[] {
  return Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : [];
}

interface UpdateFile {
  readonly target: Rows;
  readonly codebooks: number[][][][];
  readonly scales: unknown[];
  readonly prevCodes: number[][][];
  readonly inGroup: number;
  readonly outGroup: number;
  readonly cases: readonly {
    readonly options: {
      readonly beam_size?: number;
      readonly force_update?: boolean;
      readonly max_update_fraction?: number;
      readonly trust_ratio?: number;
    };
  }[];
}

/** V steps at given codebooks. */
const codeUpdate: GoldenRunner = {
  async run(file) {
    const { target, codebooks, scales, prevCodes, inGroup, outGroup, cases } = file as unknown as UpdateFile;
    const layout: CodebookLayout = {
      outputs: target.length,
      inputs: target[0].length,
      outGroup,
      inGroup,
      codebooks: codebooks.length,
      codeBits: Math.log2(codebooks[0].length),
    };
    const layer: CodebookLayer = {
      layout,
      codes: Uint16Array.from(flat(prevCodes)),
      codebooks: flat(codebooks),
      scales: flat(scales),
    };
    const reference = toTiles(flat(target), layout);
    const before = dequantizeTiles(layer);
    return {
      cases: cases.map(({ options }) => {
        const codes = updateCodes(layer, reference, {
          beamSize: options.beam_size ?? 1,
          forceUpdate: options.force_update ?? false,
          maxCodeChange: options.max_update_fraction ?? 1,
          trustRatio: options.trust_ratio,
          selectionTemperature: 0,
          stochasticRounding: 0,
        });
        const after = dequantizeTiles({ ...layer, codes });
        return {
          codes: nest(codes, [layer.scales.length, tilesPerScale(layout), layout.codebooks]),
          error: squares(reference, after),
          groupsChanged: tilesThatDiffer(layer.codes, { ...layer, codes }),
          relativeChange: Math.sqrt(
            squares(after, before) / squares(before, new Float64Array(before.length)),
          ),
        };
      }),
    };
  },
  tolerance: tolerance((path) => (lastName(path) === 'relativeChange' ? 'error' : lastName(path))),
};

const squares = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);

interface StepsFile {
  readonly target: Rows;
  readonly Hessian: Rows;
  readonly inGroup: number;
  readonly outGroup: number;
  readonly numCodebooks: number;
  readonly bitsPerCode: number;
  readonly runs: readonly {
    readonly optimizer: { readonly lamb: boolean };
    readonly params: {
      readonly code_lr: number;
      readonly lr: number;
      readonly delta_decay: number;
      readonly frac: number;
      readonly force?: boolean;
      readonly trust?: number;
    };
    readonly initial: {
      readonly codebooks: number[][][][];
      readonly scales: unknown[];
      readonly codes: number[][][];
    };
    readonly steps: readonly object[];
  }[];
}

/** Whole optimizer steps on phi(W) = tr((W - T) H (W - T)^T) / 2. */
const pvSteps: GoldenRunner = {
  async run(file) {
    const { target, Hessian, inGroup, outGroup, numCodebooks, bitsPerCode, runs } =
      file as unknown as StepsFile;
    const [outputs, inputs] = [target.length, target[0].length];
    const layout: CodebookLayout = {
      outputs,
      inputs,
      outGroup,
      inGroup,
      codebooks: numCodebooks,
      codeBits: bitsPerCode,
    };
    const [goal, hessian] = [flat(target), flat(Hessian)];
    const objective = (tiles: Float64Array) => {
      const difference = fromTiles(tiles, layout).map((value, i) => value - goal[i]);
      const gradient = difference.map((_, at) => {
        const [row, column] = [Math.floor(at / inputs), at % inputs];
        let sum = 0;
        for (let k = 0; k < inputs; k++) sum += difference[row * inputs + k] * hessian[k * inputs + column];
        return sum;
      });
      return { loss: gradient.reduce((sum, g, i) => sum + (g * difference[i]) / 2, 0), gradient };
    };
    return {
      runs: runs.map(({ optimizer, params, initial, steps }) => {
        const shared = { lamb: optimizer.lamb, debias: true, amsgrad: false };
        const start = {
          layout,
          codes: Uint16Array.from(flat(initial.codes)),
          codebooks: flat(initial.codebooks),
          scales: flat(initial.scales),
        };
        const layer = new TunedLayer(start, {
          continuous: { ...shared, learningRate: params.lr, betas: [0.9, 0.95] },
          discrete: { ...shared, learningRate: params.code_lr, betas: [0, 0.95] },
          deltaDecay: params.delta_decay,
          codes: {
            beamSize: 1,
            forceUpdate: params.force ?? false,
            maxCodeChange: params.frac,
            trustRatio: params.trust,
            selectionTemperature: 0,
            stochasticRounding: 0,
          },
        });
        return {
          steps: steps.map(() => {
            const { loss, gradient } = objective(layer.tiles);
            layer.step(toTiles(gradient, layout));
            return {
              loss_before: loss,
              ...lists(layer.copy(), shapeOf(initial.scales)),
              loss_after: objective(layer.tiles).loss,
            };
          }),
        };
      }),
    };
  },
  tolerance: tolerance((path) => (lastName(path).startsWith('loss') ? 'loss' : lastName(path))),
};

interface QuadraticFile {
  readonly A: Rows;
  readonly b: number[];
  readonly cases: readonly {
    readonly values: number[];
    readonly partition: number[];
    readonly exact: { readonly iters: number };
    readonly linearized: { readonly iters: number };
    readonly subspace: { readonly iters: number; readonly tau: number };
  }[];
}

/** The theory's algorithm with each kind of V step. */
const pvQuadratic: GoldenRunner = {
  async run(file) {
    const { A, b, cases } = file as unknown as QuadraticFile;
    const problem = { a: flat(A), b: Float64Array.from(b) };
    const run = (
      { values, partition }: QuadraticFile['cases'][number],
      step: 'exact' | 'linearized' | 'subspace',
      iterations: number,
      coordinates?: number,
    ) => {
      const { afterP, afterV, phi, x } = pvDescent(
        problem,
        { values: Float64Array.from(values), partition: Int32Array.from(partition) },
        { step, iterations, ...(coordinates !== undefined && { coordinates }) },
      );
      return {
        phi_after_P: afterP.slice(0, 6),
        phi_after_V: afterV.slice(0, 6),
        final_phi: phi,
        final_x: [...x],
      };
    };
    return {
      cases: cases.map((each) => ({
        exact: run(each, 'exact', each.exact.iters),
        linearized: run(each, 'linearized', each.linearized.iters),
        subspace: run(each, 'subspace', each.subspace.iters, each.subspace.tau),
      })),
    };
  },
  tolerance: tolerance((path) => (lastName(path) === 'final_x' ? 'x' : 'phi')),
};

const golden: GoldenRunners = {
  'vq-init': vqInit,
  'code-update': codeUpdate,
  'pv-steps': pvSteps,
  'pv-quadratic': pvQuadratic,
};
export default golden;
