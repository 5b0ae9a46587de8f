// Measures one variant in this process and prints the result as JSON: node variant.mjs plain | espalier [--quick] [--profile]
import { performance } from 'node:perf_hooks';
import { AdamWOptimizer } from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { convNetLoss, transformerLoss } from './models.mjs';
import { products } from './products.mjs';
import { stream } from './weights.mjs';

const [which, ...flags] = process.argv.slice(2);
const seconds = flags.includes('--quick') ? 1 : 4;
const facts = await activate();
if (flags.includes('--profile')) profile();
else {
  const result = {
    facts,
    products: Object.fromEntries(products.map((product) => [product.name, gigaflops(product)])),
    transformer: train(transformerLoss),
    convNet: train(convNetLoss),
  };
  console.log(JSON.stringify(result));
}

async function activate() {
  if (which === 'plain') {
    const { activatePlainTfjs } = await import('./plain-tfjs.mjs');
    await activatePlainTfjs();
    return { version: tf.version_core };
  }
  const { cpuRuntime } = await import('../dist/index.js');
  await cpuRuntime.activate();
  return (await cpuRuntime.probe()).device;
}

function optimizer() {
  return which === 'plain'
    ? tf.train.adam(1e-3, 0.9, 0.999, 1e-8)
    : new AdamWOptimizer({ learningRate: 1e-3 });
}

/** Median and best milliseconds of a training step, and the loss after 20 steps. */
function train(makeLoss) {
  const loss = makeLoss();
  const adam = optimizer();
  const step = () => {
    const value = adam.minimize(loss, true);
    const number = value.dataSync()[0];
    value.dispose();
    return number;
  };
  const losses = Array.from({ length: 20 }, step);
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    step();
    times.push(performance.now() - start);
  }
  tf.disposeVariables();
  return { milliseconds: median(times), best: Math.min(...times), loss: losses.at(-1) };
}

/** Best rate of a product, in 10^9 floating-point operations a second. */
function gigaflops({ batch, m, n, k, transposeA = false, transposeB = false }) {
  const random = stream(5);
  const matrix = (rows, columns) =>
    tf.tensor(
      Float32Array.from({ length: batch * rows * columns }, () => random() - 0.5),
      batch > 1 ? [batch, rows, columns] : [rows, columns],
    );
  const a = transposeA ? matrix(k, m) : matrix(m, k);
  const b = transposeB ? matrix(n, k) : matrix(k, n);
  const run = () => tf.matMul(a, b, transposeA, transposeB).dispose();
  for (let i = 0; i < 3; i++) run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 100;
  for (let i = 0; performance.now() < end || i < 3; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  tf.dispose([a, b]);
  return (2 * batch * m * n * k) / best / 1e6;
}

/** Time that each kernel takes in a step of each model (the best of many steps), largest first. */
function profile() {
  for (const [name, makeLoss] of Object.entries({ transformerLoss, convNetLoss })) {
    const loss = makeLoss();
    const adam = optimizer();
    const step = () => adam.minimize(loss, true).dispose();
    for (let i = 0; i < 10; i++) step();
    const now = new Map();
    for (const config of tf.getKernelsForBackend('wasm')) {
      const { kernelFunc, kernelName } = config;
      config.kernelFunc = (call) => {
        const start = performance.now();
        const out = kernelFunc(call);
        now.set(kernelName, (now.get(kernelName) ?? 0) + performance.now() - start);
        return out;
      };
    }
    const best = new Map();
    for (let i = 0; i < 40; i++) {
      now.clear();
      const start = performance.now();
      step();
      now.set('whole step', performance.now() - start);
      for (const [kernel, time] of now)
        best.set(kernel, Math.min(time, best.get(kernel) ?? Number.POSITIVE_INFINITY));
    }
    console.log(name);
    for (const [kernel, time] of [...best].sort((x, y) => y[1] - x[1]).slice(0, 16)) {
      console.log(`  ${kernel.padEnd(32)} ${time.toFixed(2)} ms`);
    }
    tf.disposeVariables();
  }
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
