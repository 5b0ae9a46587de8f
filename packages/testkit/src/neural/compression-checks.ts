import {
  type AnyAlgorithm,
  type CompressibleModel,
  type CompressionReport,
  type CompressionRequest,
  createRandom,
  isEspalierError,
  type RunOptions,
} from '@espalier/core';
import {
  getGradient,
  grad,
  matMul,
  ones,
  reshape,
  type Tensor2D,
  tensor,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { assert, type Check, thrownBy } from '../check.js';
import { firstDifference } from '../same.js';
import { denseWeight } from './dense-weight.js';
import { largestDifference, leavesNoTensor, matricesOf, parametersOf, takeValues } from './tensors.js';
import { tinyModel } from './tiny-model.js';

/** What the author of a pruner or quantizer supplies. */
export interface CompressionFixture<Request extends CompressionRequest> {
  /** Requests that must succeed on the model, by name; at least one. */
  readonly requests: Readonly<Record<string, Request>>;
  /** Requests that must be refused, by what is wrong with them: unsupported, not reachable, calibration missing. */
  readonly invalid: Readonly<Record<string, Request>>;
  /** A new model, disposed of by the check; default `tinyModel()`, two layers `[12, 8]` and `[4, 12]`. */
  model?(): CompressibleModel;
  /**
   * Whether the order of a layer's outputs plays no part, so that permuting them permutes the result. `false` for methods that
   * treat rows in groups or look at the loss. Default `true`.
   */
  readonly rowsAreIndependent?: boolean;
}

/** One algorithm of either kind. */
export interface Compression<Request extends CompressionRequest> {
  readonly algorithm: AnyAlgorithm;
  readonly fixture: CompressionFixture<Request>;
  compress(
    model: CompressibleModel,
    request: Request,
    run?: RunOptions,
    options?: object,
  ): Promise<CompressionReport>;
}

/** Runs `work` with a new model and disposes of it. */
export async function withModel<Request extends CompressionRequest>(
  { fixture }: Compression<Request>,
  work: (model: CompressibleModel) => Promise<void>,
): Promise<void> {
  const model = fixture.model?.() ?? tinyModel();
  try {
    await work(model);
  } finally {
    model.dispose();
  }
}

/** Compresses a new model for each request; `work` looks at the result, which is disposed of afterwards. */
export async function forEachRequest<Request extends CompressionRequest>(
  compression: Compression<Request>,
  work: (
    report: CompressionReport,
    model: CompressibleModel,
    request: Request,
    name: string,
  ) => Promise<void>,
  options?: object,
): Promise<void> {
  for (const [name, request] of Object.entries(compression.fixture.requests)) {
    await withModel(compression, async (model) => {
      const report = await compression.compress(model, request, {}, options);
      try {
        await work(report, model, request, name);
      } finally {
        report.model.dispose();
      }
    });
  }
}

/** The rules that pruners and quantizers share. */
export function* compressionChecks<Request extends CompressionRequest>(
  compression: Compression<Request>,
): Generator<Check> {
  const { algorithm, fixture, compress } = compression;
  const requests = Object.values(fixture.requests);
  for (const [name, options] of Object.entries(algorithm.examples ?? { default: {} })) {
    yield {
      name: `compresses to finite weights with the example '${name}'`,
      run: () => forEachRequest(compression, async (report) => holdsFinite(report.model), options as object),
    };
  }
  yield {
    name: 'leaves the model unchanged',
    run: () =>
      withModel(compression, async (model) => {
        for (const request of requests) {
          const seen = async () => ({
            ...(await parametersOf(model)),
            bytes: model.bytes,
            blocks: model.blocks(),
          });
          const before = await seen();
          (await compress(model, request)).model.dispose();
          const difference = firstDifference(before, await seen());
          assert(difference === undefined, `The model was changed at ${difference}.`);
        }
      }),
  };
  yield {
    name: 'reports the bytes that are stored',
    run: () =>
      forEachRequest(compression, async ({ model, layers, bytesBefore, bytesAfter }, original) => {
        assert(
          bytesBefore === original.bytes,
          `bytesBefore is ${bytesBefore}; the model has ${original.bytes}.`,
        );
        assert(bytesAfter === model.bytes, `bytesAfter is ${bytesAfter}; the result has ${model.bytes}.`);
        for (const report of layers) {
          const weight = model.layers().find(({ name }) => name === report.layer)?.weight;
          assert(weight !== undefined, `The report names '${report.layer}', which is no layer.`);
          assert(
            report.bytes === weight.bytes,
            `${report.layer}: reported ${report.bytes} bytes, stored ${weight.bytes}.`,
          );
          assert(
            report.format === weight.format,
            `${report.layer}: reported ${report.format}, stored ${weight.format}.`,
          );
          const bits = (8 * weight.bytes) / (weight.shape[0] * weight.shape[1]);
          assert(
            Math.abs(report.bitsPerWeight - bits) <= 1e-6 * bits,
            `${report.layer}: reported ${report.bitsPerWeight} bits a weight, stored ${bits}.`,
          );
        }
      }),
  };
  yield {
    name: 'reports the share of zeros that there is',
    run: () =>
      forEachRequest(compression, async ({ model, layers }) => {
        const matrices = await matricesOf(model);
        for (const { layer, sparsity } of layers) {
          const values = matrices.get(layer) ?? new Float32Array();
          const share = values.filter((value) => value === 0).length / values.length;
          assert(
            Math.abs(share - sparsity) <= 0.5 / values.length,
            `${layer}: reported a sparsity of ${sparsity}, there are ${share} zeros.`,
          );
        }
      }),
  };
  yield {
    name: 'stores weights that multiply as their dense matrix does',
    run: () =>
      forEachRequest(compression, async ({ model }) => {
        for (const { name, weight } of model.layers()) {
          const [outputs, inputs] = weight.shape;
          const random = createRandom(3);
          const x = tensor(
            Array.from({ length: 6 * inputs }, () => random.normal()),
            [2, 3, inputs],
          );
          const [actual, expected] = tidy(() => {
            const product = weight.matmul(x);
            assert(
              product.shape.join() === [2, 3, outputs].join(),
              `${name}: [2,3,${inputs}] gives [${product.shape}] instead of [2,3,${outputs}].`,
            );
            return [
              product,
              matMul(reshape(x, [6, inputs]) as Tensor2D, weight.toDense(), false, true),
            ] as const;
          });
          x.dispose();
          agree(name, 'matmul', await takeValues(actual), await takeValues(expected));
        }
      }),
  };
  yield {
    name: 'stores weights whose product has a gradient in x, where gradients are registered',
    run: () =>
      forEachRequest(compression, async ({ model }) => {
        if (!getGradient('BatchMatMul')) return; // tfjs-core alone brings no gradients
        for (const { name, weight } of model.layers()) {
          const x = ones([6, weight.shape[1]]);
          const [actual, expected] = tidy(() => {
            const slope = ones([6, weight.shape[0]]);
            const product = grad((at) => weight.matmul(at))(x, slope);
            return [product, matMul(slope, weight.toDense())] as const;
          });
          x.dispose();
          agree(name, 'the gradient of matmul', await takeValues(actual), await takeValues(expected));
        }
      }),
  };
  yield {
    name: 'gives the same result for the same seed, bit for bit',
    run: () =>
      forEachRequest(compression, async ({ model }, original, request) => {
        const again = await compress(original, request);
        const difference = firstDifference(await parametersOf(model), await parametersOf(again.model));
        again.model.dispose();
        assert(difference === undefined, `Two runs with one seed differ at ${difference}.`);
      }),
  };
  yield {
    name: 'reports each layer as it is finished, by onLayer',
    run: () =>
      withModel(compression, async (model) => {
        const heard: string[] = [];
        const report = await compress(model, {
          ...requests[0]!,
          onLayer: ({ layer }) => void heard.push(layer),
        });
        report.model.dispose();
        const listed = report.layers.map(({ layer }) => layer);
        assert(heard.join() === listed.join(), `onLayer heard [${heard}]; the report lists [${listed}].`);
        assert(new Set(listed).size === listed.length, `A layer is listed twice in [${listed}].`);
      }),
  };
  yield {
    name: 'touches only the layers that are asked for',
    run: () =>
      withModel(compression, async (model) => {
        const [first] = model.layers();
        const before = await matricesOf(model);
        const report = await compress(model, { ...requests[0]!, layers: (name) => name === first?.name });
        const after = await matricesOf(report.model);
        report.model.dispose();
        for (const [name, values] of before) {
          const kept = name === first?.name || firstDifference(values, after.get(name)) === undefined;
          assert(kept, `The layer ${name} was changed.`);
        }
        const others = report.layers.filter(({ layer }) => layer !== first?.name);
        assert(others.length === 0, `Its report has layers that were not asked for.`);
      }),
  };
  if (fixture.rowsAreIndependent ?? true) yield permutationCheck(compression);
  yield {
    name: 'takes a layer of zeros',
    run: () =>
      withModel(compression, async (model) => {
        fillLastLayer(model, 0);
        const report = await compress(model, requests[0]!);
        await holdsFinite(report.model).finally(() => report.model.dispose());
      }),
  };
  yield {
    name: 'refuses a weight that is NaN',
    run: () =>
      withModel(compression, async (model) => {
        fillLastLayer(model, Number.NaN);
        await refuses('A weight that is NaN', () => compress(model, requests[0]!));
      }),
  };
  for (const [name, request] of Object.entries(fixture.invalid)) {
    yield {
      name: `refuses ${name}`,
      run: () =>
        withModel(compression, (model) => refuses(`A request with ${name}`, () => compress(model, request))),
    };
  }
  yield {
    name: 'stops when the signal has fired before the start',
    run: () =>
      withModel(compression, (model) =>
        stops(() => compress(model, requests[0]!, { signal: AbortSignal.abort() })),
      ),
  };
  yield {
    name: 'stops when the signal fires during the run',
    run: () =>
      withModel(compression, async (model) => {
        const abort = new AbortController();
        await stops(() =>
          compress(model, requests[0]!, { signal: abort.signal, onProgress: () => abort.abort() }),
        );
      }),
  };
  yield {
    name: 'leaves no tensor behind',
    async run() {
      await leavesNoTensor('A run', () => forEachRequest(compression, async () => undefined));
      await leavesNoTensor('An aborted run', () =>
        withModel(compression, async (model) => {
          const abort = new AbortController();
          const run = { signal: abort.signal, onProgress: () => abort.abort() };
          await compress(model, requests[0]!, run).then(
            (report) => report.model.dispose(),
            () => undefined,
          );
        }),
      );
    },
  };
}

function permutationCheck<Request extends CompressionRequest>(compression: Compression<Request>): Check {
  return {
    name: 'permuting the outputs of a layer permutes the result',
    run: () =>
      forEachRequest(compression, async ({ model }, original, request) => {
        const { name, shape } = original.layers().at(-1)!;
        const before = (await matricesOf(original)).get(name)!;
        original.replaceWeight(
          name,
          denseWeight(tensor2d(reverseRows(before, shape[1]), [shape[0], shape[1]])),
        );
        const permuted = await compression.compress(original, request);
        const actual = (await matricesOf(permuted.model)).get(name)!;
        permuted.model.dispose();
        const expected = reverseRows((await matricesOf(model)).get(name)!, shape[1]);
        const difference = largestDifference(actual, expected);
        assert(difference <= 1e-4 * largest(expected), `The results differ by ${difference}.`);
      }),
  };
}

function reverseRows(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, i) => matrix[(rows - 1 - Math.floor(i / columns)) * columns + (i % columns)]!);
}

/** All of it zero, or its first element NaN. */
function fillLastLayer(model: CompressibleModel, value: number): void {
  const { name, shape } = model.layers().at(-1)!;
  const values = new Float32Array(shape[0] * shape[1]);
  values.fill(value, 0, 1);
  model.replaceWeight(name, denseWeight(tensor2d(values, [shape[0], shape[1]])));
}

/** Weights hold no NaN and no infinity. */
async function holdsFinite(model: CompressibleModel): Promise<void> {
  for (const [name, values] of await matricesOf(model))
    assert(values.every(Number.isFinite), `The weight of ${name} holds NaN or an infinity.`);
}

function agree(layer: string, what: string, actual: Float32Array, expected: Float32Array): void {
  const [difference, scale] = [largestDifference(actual, expected), Math.max(1, largest(expected))];
  assert(difference <= 1e-4 * scale, `${layer}: ${what} differs from the dense product by ${difference}.`);
}

function largest(values: Float32Array): number {
  return values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
}

async function refuses(what: string, work: () => Promise<CompressionReport>): Promise<void> {
  const error = await thrownBy(() => work().then(({ model }) => model.dispose()), what);
  assert(
    isEspalierError(error, 'invalid-problem') || isEspalierError(error, 'unsupported'),
    `It threw ${String(error)} instead of an InvalidProblemError or UnsupportedError.`,
  );
}

async function stops(work: () => Promise<CompressionReport>): Promise<void> {
  const error = await thrownBy(() => work().then(({ model }) => model.dispose()), 'An aborted run');
  assert(isEspalierError(error, 'aborted'), `It threw ${String(error)} instead of an AbortedError.`);
}
