// Times this package (operands in a workspace, and in the JavaScript heap) and its plain loops on the cases of run.mjs.
import * as linalg from '../dist/index.js';
import * as plainCholesky from '../dist/plain/cholesky.js';
import * as plainExpAffine from '../dist/plain/exp-affine.js';
import * as plainGemm from '../dist/plain/gemm.js';
import * as plainGemv from '../dist/plain/gemv.js';
import * as plainLogSumExp from '../dist/plain/log-sum-exp.js';
import * as plainVector from '../dist/plain/vector.js';
import { Arena } from '../dist/workspace.js';

/** Milliseconds of the fastest of the runs that fit into `seconds` (at least five); `prepare` is not timed. */
function best(run, seconds, prepare = () => {}) {
  prepare();
  run();
  let fastest = Infinity;
  let spent = 0;
  for (let count = 0; spent < seconds * 1e3 || count < 5; count++) {
    prepare();
    const start = performance.now();
    run();
    const elapsed = performance.now() - start;
    fastest = Math.min(fastest, elapsed);
    spent += elapsed;
  }
  return fastest;
}

/** A linear congruential generator: the timings do not depend on the quality of the numbers. */
function uniform(length, low, high) {
  const values = new Float64Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = low + ((high - low) * state) / 2 ** 32;
  }
  return values;
}

/**
 * Name -> milliseconds of each of `relaxed` and `simd` (operands in a workspace, with and without fused multiply-add), `heap`
 * (arrays outside of a workspace) and `plain` (JavaScript loops).
 */
export function timings(seconds) {
  const results = {};
  timeLevel('relaxed', seconds, results);
  timeLevel('simd', seconds, results);
  return results;
}

function timeLevel(level, seconds, results) {
  const n = 2000;
  const workspace = new Arena(400e6, level);
  const measure = (name, { simd, ...others }) => {
    const time = (run) => (Array.isArray(run) ? best(run[0], seconds, run[1]) : best(run, seconds));
    results[name] ??= Object.fromEntries(Object.entries(others).map(([kind, run]) => [kind, time(run)]));
    results[name][level] = time(simd);
  };
  const matrix = (rows, cols, low, high) => ({ rows, cols, data: uniform(rows * cols, low, high) });

  const a = matrix(n, n, -10, 10);
  const wa = workspace.placeMatrix(a);
  const cost = matrix(n, n, 0, 1);
  const wcost = workspace.placeMatrix(cost);
  const x = uniform(n, 0, 1);
  const wx = workspace.place(x);
  const out = new Float64Array(n);
  const out2 = new Float64Array(n);
  const wout = workspace.allocate(n);
  const wout2 = workspace.allocate(n);
  measure('logsumexp-rows', {
    simd: () => linalg.logSumExpRows(wa, wout),
    heap: () => linalg.logSumExpRows(a, out),
    plain: () => plainLogSumExp.logSumExpRows(a, out),
  });
  measure('logsumexp-cols', {
    simd: () => linalg.logSumExpCols(wa, wout),
    heap: () => linalg.logSumExpCols(a, out),
    plain: () => plainLogSumExp.logSumExpCols(a, out),
  });
  measure('affine-rows', {
    simd: () => linalg.logSumExpAffineRows(wcost, 50, wx, wout),
    heap: () => linalg.logSumExpAffineRows(cost, 50, x, out),
    plain: () => plainLogSumExp.logSumExpAffineRows(cost, 50, x, out),
  });
  const affine = (c, v) => ({ c, x: v, y: v, scale: 50, shift: -1 });
  measure('affine-sums', {
    simd: () => linalg.expAffineSums(affine(wcost, wx), { rowSums: wout, colSums: wout2 }),
    heap: () => linalg.expAffineSums(affine(cost, x), { rowSums: out, colSums: out2 }),
    plain: () => plainExpAffine.expAffineSums(cost, x, x, 50, -1, out, out2, undefined, undefined),
  });
  const counts = workspace.allocate(linalg.EXPONENT_BINS);
  const masses = workspace.allocate(linalg.EXPONENT_BINS);
  const sums = { rowSums: wout, colSums: wout2, counts, masses };
  measure('affine-histogram', { simd: () => linalg.expAffineSums(affine(wcost, wx), sums) });
  const apart = { ...affine(wcost, new Float64Array(n)), y: new Float64Array(n) };
  measure('affine-csr', { simd: () => linalg.expAffineToCsr(apart, Math.exp(-1.5)) });

  const mark = workspace.mark();
  const long = uniform(4e6, -20, 0);
  const positive = long.map((v) => -v);
  const longOut = new Float64Array(4e6);
  const wlong = workspace.place(long);
  const wpositive = workspace.place(positive);
  const wlongOut = workspace.allocate(4e6);
  measure('exp', {
    simd: () => linalg.exp(wlong, wlongOut),
    heap: () => linalg.exp(long, longOut),
    plain: () => plainVector.exp(long, longOut),
  });
  measure('log', {
    simd: () => linalg.log(wpositive, wlongOut),
    heap: () => linalg.log(positive, longOut),
    plain: () => plainVector.log(positive, longOut),
  });
  const u = uniform(1e6, 0, 1);
  const v = uniform(1e6, 0, 1);
  const wu = workspace.place(u);
  const wv = workspace.place(v);
  measure('dot', { simd: () => linalg.dot(wu, wv), plain: () => plainVector.dot(u, v) });
  workspace.release(mark);

  measure('gemv', {
    simd: () => linalg.gemv(wa, wx, { out: wout }),
    plain: () => plainGemv.gemv(a, 1, x, out.fill(0)),
  });
  measure('gemv-transposed', {
    simd: () => linalg.gemvTransposed(wa, wx, { out: wout }),
    plain: () => plainGemv.gemvTransposed(a, 1, x, out.fill(0)),
  });

  for (const size of [512, 1024]) {
    const inner = workspace.mark();
    const b = matrix(size, size, 0, 1);
    const wb = workspace.placeMatrix(b);
    const product = linalg.createMatrix(size, size);
    const wproduct = workspace.allocateMatrix(size, size);
    const strided = { data: b.data, rowStride: size, colStride: 1 };
    measure(`gemm-${size}`, {
      simd: () => linalg.gemm(wb, wb, { out: wproduct }),
      heap: () => linalg.gemm(b, b, { out: product }),
      plain: () => plainGemm.gemm(size, size, size, 1, strided, strided, product.data.fill(0), false),
    });
    if (size === 1024) measure('syrk-1024', { simd: () => linalg.syrk(wb, { out: wproduct }) });
    workspace.release(inner);
  }

  for (const size of [500, 1000, 2000]) {
    const inner = workspace.mark();
    const spd = linalg.syrk(matrix(size, size, -1, 1));
    for (let i = 0; i < size; i++) spd.data[i * size + i] += size;
    const target = workspace.allocateMatrix(size, size);
    const heap = linalg.createMatrix(size, size);
    measure(`cholesky-${size}`, {
      simd: [() => linalg.choleskyInPlace(target), () => target.data.set(spd.data)],
      heap: [() => linalg.choleskyInPlace(heap), () => heap.data.set(spd.data)],
      plain: [() => plainCholesky.cholesky(size, heap.data, size), () => heap.data.set(spd.data)],
    });
    if (size === 2000) {
      const right = workspace.allocate(size);
      const heapRight = new Float64Array(size);
      measure('triangular', {
        simd: [() => linalg.solveTriangularInPlace(target, right), () => right.set(x)],
        plain: [() => linalg.solveTriangularInPlace(heap, heapRight), () => heapRight.set(x)],
      });
    }
    workspace.release(inner);
  }

  const entries = Math.round(0.01 * n * n);
  const places = uniform(2 * entries, 0, n).map(Math.floor);
  const sparse = linalg.csrFromTriplets(
    n,
    n,
    places.subarray(0, entries),
    places.subarray(entries),
    uniform(entries, 0, 1),
  );
  const wsparse = linalg.placeCsr(workspace, sparse);
  measure('csr', {
    simd: () => linalg.csrMatvec(wsparse, wx, wout),
    plain: () => linalg.csrMatvec(sparse, x, out),
  });
}
