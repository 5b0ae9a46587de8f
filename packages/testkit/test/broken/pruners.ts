import {
  AbortedError,
  type CompressedWeight,
  type CompressibleModel,
  type CompressionReport,
  definePruner,
  InvalidProblemError,
  type LayerReport,
  type OptionsSchema,
  type PruneRequest,
  type PrunerAlgorithm,
  type RunOptions,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { mul, scalar, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { denseWeight, type PrunerFixture } from '../../src/neural.js';

export const fixture: PrunerFixture = {
  requests: { half: { pattern: 'unstructured', sparsity: 0.5 } },
  invalid: { 'a pattern that is not offered': { pattern: 'rows' } },
};

/** Places of the good pruner that a broken one replaces. */
interface Hooks {
  start?: (model: CompressibleModel, run: RunOptions | undefined) => void;
  wanted?: (name: string) => boolean;
  accepts?: (request: PruneRequest) => boolean;
  copy?: (model: CompressibleModel) => CompressibleModel;
  /** The values that are stored. */
  zero?: (values: Float32Array, sparsity: number) => Float32Array;
  store?: (weight: CompressedWeight) => CompressedWeight;
  check?: (values: Float32Array) => void;
  layer?: (report: LayerReport) => LayerReport;
  report?: (report: CompressionReport) => CompressionReport;
  tell?: 'onLayer' | 'nobody';
  stop?: 'at each layer' | 'never';
  onError?: (model: CompressibleModel) => void;
}

function refuseNaN(values: Float32Array): void {
  if (!values.every(Number.isFinite)) throw new InvalidProblemError('A weight is not finite.');
}

function zeroSmallest(values: Float32Array, sparsity: number): Float32Array {
  const order = [...values.keys()].sort((i, j) => Math.abs(values[i]!) - Math.abs(values[j]!) || i - j);
  const result = values.slice();
  for (const i of order.slice(0, Math.floor(sparsity * values.length))) result[i] = 0;
  return result;
}

/** Magnitude pruning with a hole for every rule. */
function pruner(hooks: Hooks = {}): PrunerAlgorithm<string, OptionsSchema> {
  const {
    start = () => undefined,
    wanted = () => false,
    accepts = ({ pattern }) => pattern === 'unstructured',
    copy = (model) => model.clone(),
    zero = zeroSmallest,
    store = (weight) => weight,
    check = refuseNaN,
    layer = (report) => report,
    report = (whole) => whole,
    tell = 'onLayer',
    stop = 'at each layer',
    onError = (model) => model.dispose(),
  } = hooks;
  return definePruner({
    name: 'magnitude',
    summary: 'Zeroes the smallest weights.',
    options: z.strictObject({}),
    create: () => ({
      async prune(model, request, run) {
        if (!accepts(request)) throw new UnsupportedError('Only the pattern unstructured is offered.');
        start(model, run);
        const state = startRun(stop === 'never' ? { ...run, signal: undefined } : run);
        const pruned = copy(model);
        const layers: LayerReport[] = [];
        try {
          for (const { name, weight } of pruned.layers()) {
            if (!(request.layers?.(name) ?? true) && !wanted(name)) continue;
            state.throwIfAborted();
            const dense = weight.toDense();
            const values = Float32Array.from(await dense.data());
            const { shape } = dense;
            dense.dispose();
            check(values);
            const kept = zero(values, request.sparsity ?? 0.5);
            const stored = store(denseWeight(tensor2d(kept, shape)));
            pruned.replaceWeight(name, stored);
            const done = layer({
              layer: name,
              format: 'dense',
              sparsity: kept.filter((value) => value === 0).length / kept.length,
              bitsPerWeight: 32,
              bytes: stored.bytes,
              seconds: 0,
            });
            layers.push(done);
            if (tell === 'onLayer') await request.onLayer?.(done, stored);
            state.report({ iteration: layers.length });
          }
        } catch (error) {
          onError(pruned);
          throw error;
        }
        const [bytesBefore, bytesAfter] = [model.bytes, pruned.bytes];
        return report({ model: pruned, layers, droppedBlocks: [], bytesBefore, bytesAfter });
      },
    }),
  });
}

export const good = pruner();

const [BYTES, LEAK, FINITE] = [
  'reports the bytes that are stored',
  'leaves no tensor behind',
  "compresses to finite weights with the example 'default'",
];

/** Broken pruners by what is wrong, each with the checks that must fail, and only these. */
export const broken: Readonly<
  Record<
    string,
    { readonly make: () => PrunerAlgorithm<string, OptionsSchema>; readonly fails: readonly string[] }
  >
> = {
  'changes a bias of the model it was given': {
    make: () =>
      pruner({
        start(model) {
          const bias = model.otherParameters()['hidden.bias']!;
          tidy(() => bias.assign(mul(bias, scalar(0.5))));
        },
      }),
    // The second run starts from what the first has left.
    fails: ['leaves the model unchanged', 'gives the same result for the same seed, bit for bit'],
  },
  'stores NaN': {
    // After the rules on zeros it is the finiteness alone that sees it.
    make: () => pruner({ check: () => undefined, zero: (values) => values.map(() => Number.NaN) }),
    fails: [
      FINITE,
      'stores weights that multiply as their dense matrix does',
      'permuting the outputs of a layer permutes the result',
      'takes a layer of zeros',
      'refuses a weight that is NaN',
      'is the identity at sparsity 0',
      'reaches the pattern and the sparsity that are asked for',
    ],
  },
  'forgets bytes in its total': {
    make: () => pruner({ report: (whole) => ({ ...whole, bytesAfter: whole.bytesAfter - 4 }) }),
    fails: [BYTES],
  },
  'gives another size of the model it was given': {
    make: () => pruner({ report: (whole) => ({ ...whole, bytesBefore: 2 * whole.bytesBefore }) }),
    fails: [BYTES],
  },
  'counts half the bytes of a layer': {
    make: () => pruner({ layer: (done) => ({ ...done, bytes: done.bytes / 2 }) }),
    fails: [BYTES],
  },
  'reports bits that are not stored': {
    make: () => pruner({ layer: (done) => ({ ...done, bitsPerWeight: 16 }) }),
    fails: [BYTES],
  },
  'reports another format': {
    make: () => pruner({ layer: (done) => ({ ...done, format: 'bitmap' }) }),
    fails: [BYTES],
  },
  'reports a sparsity that there is not': {
    make: () => pruner({ layer: (done) => ({ ...done, sparsity: 0.75 }) }),
    fails: ['reports the share of zeros that there is'],
  },
  'multiplies with twice its matrix': {
    make: () =>
      pruner({ store: (weight) => ({ ...weight, matmul: (x) => tidy(() => mul(weight.matmul(x), 2)) }) }),
    fails: ['stores weights that multiply as their dense matrix does'],
  },
  'depends on what ran before': {
    make() {
      let runs = 0;
      return pruner({
        zero: (values, s) => zeroSmallest(values, s).map((v) => (s > 0 ? v * (1 + runs++ / 1e6) : v)),
      });
    },
    fails: [
      'gives the same result for the same seed, bit for bit',
      'permuting the outputs of a layer permutes the result',
    ],
  },
  'tells nobody of its layers': {
    make: () => pruner({ tell: 'nobody' }),
    fails: ['reports each layer as it is finished, by onLayer'],
  },
  'works on layers that were not asked for': {
    make: () => pruner({ wanted: () => true }),
    fails: ['touches only the layers that are asked for'],
  },
  'treats the rows by their place': {
    make: () => pruner({ zero: (values, s) => values.map((v, i) => (i < s * values.length ? 0 : v)) }),
    fails: ['permuting the outputs of a layer permutes the result'],
  },
  'fails on a layer of zeros': {
    make: () =>
      pruner({
        check(values) {
          refuseNaN(values);
          if (values.every((value) => value === 0)) throw new Error('nothing to rank');
        },
      }),
    fails: ['takes a layer of zeros'],
  },
  'takes weights that are NaN': {
    make: () => pruner({ check: () => undefined }),
    fails: ['refuses a weight that is NaN'],
  },
  'takes any pattern': {
    make: () => pruner({ accepts: () => true }),
    fails: ['refuses a pattern that is not offered'],
  },
  'cannot be stopped': {
    make: () => pruner({ stop: 'never' }),
    fails: ['stops when the signal has fired before the start', 'stops when the signal fires during the run'],
  },
  'stops at its first layer, but not in the middle': {
    make: () =>
      pruner({
        stop: 'never',
        start(_model, run) {
          if (run?.signal?.aborted) throw new AbortedError('Aborted.');
        },
      }),
    fails: ['stops when the signal fires during the run'],
  },
  'forgets its copy when it is stopped': {
    make: () => pruner({ onError: () => undefined }),
    fails: [LEAK],
  },
  'forgets a tensor in each layer': {
    make: () =>
      pruner({
        store(weight) {
          weight.toDense();
          return weight;
        },
      }),
    fails: [LEAK],
  },
  'rounds at sparsity 0': {
    make: () =>
      pruner({ zero: (values, s) => (s === 0 ? values.map((v) => v * 1.001) : zeroSmallest(values, s)) }),
    fails: ['is the identity at sparsity 0'],
  },
  'prunes less than was asked for': {
    make: () => pruner({ zero: (values, s) => zeroSmallest(values, s / 2) }),
    fails: ['reaches the pattern and the sparsity that are asked for'],
  },
  'prunes what is left when it runs again': {
    make: () => pruner({ zero: zeroMore }),
    fails: ['prunes nothing more when it prunes again'],
  },
};

/** The share of the elements that are not zero yet. */
function zeroMore(values: Float32Array, sparsity: number): Float32Array {
  const zeros = values.filter((value) => value === 0).length;
  if (zeros === values.length) return values.slice();
  return zeroSmallest(values, Math.min(1, (zeros + sparsity * (values.length - zeros)) / values.length));
}
