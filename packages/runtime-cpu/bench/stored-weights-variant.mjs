// Times products with weights in their stored forms and with dense ones, in turn in this process, and prints JSON:
// node bench/stored-weights-variant.mjs [--quick]; ESPALIER_BLAS=off leaves the dense product to our own loops.
import {
  codebookMatMulOp,
  codeTensor,
  float16FromFloat32,
  halfTensor,
  integerAttributes,
  integerMatMulOp,
  integerTensors,
  nOfMMatMulOp,
  nOfMTensors,
} from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { bestTime } from '../../../tools/bench/best-time.mjs';
import { cpuRuntime } from '../dist/index.js';
import { stream } from './weights.mjs';

const quick = process.argv.includes('--quick');
const SHAPES = quick
  ? [[1024, 1024]]
  : [
      [1024, 1024],
      [4096, 4096],
    ];
const ROWS = [1, 8, 64];
const ROUNDS = quick ? 4 : 10;

await cpuRuntime.activate();
const random = stream(7);
const floats = (count) => Float32Array.from({ length: count }, () => random() - 0.5);
const bytes = (count) => Uint8Array.from({ length: count }, () => random() * 256);

/** The forms by name: bytes that a product reads, and the product. */
function forms(outputs, inputs) {
  const size = outputs * inputs;
  const dense = tf.tensor2d(floats(size), [outputs, inputs]);
  return {
    'dense float32': { bytes: 4 * size, run: (x) => tf.matMul(x, dense, false, true) },
    '2:4, float32': twoOfFour(outputs, inputs),
    ...Object.fromEntries(
      [8, 4, 3, 2].map((bits) => [`${bits} bits, groups of 128`, integers(outputs, inputs, bits)]),
    ),
    'codebooks 1x8g8': codebooks(outputs, inputs, 1, 8),
    'codebooks 2x8g8': codebooks(outputs, inputs, 2, 8),
    'codebooks 1x12g8': codebooks(outputs, inputs, 1, 12),
    'codebooks 1x16g8': codebooks(outputs, inputs, 1, 16),
  };
}

function twoOfFour(outputs, inputs) {
  const size = outputs * inputs;
  const pairs = [3, 5, 6, 9, 10, 12];
  const pair = () => pairs[Math.floor(random() * 6)];
  const mask = Uint8Array.from({ length: size / 8 }, () => pair() | (pair() << 4));
  const matrix = nOfMTensors(floats(size / 2), mask);
  const shape = { outputs, inputs, n: 2, m: 4 };
  return { bytes: 2 * size + size / 8, run: (x) => nOfMMatMulOp.run({ x, ...matrix }, shape)[0] };
}

function integers(outputs, inputs, bits) {
  const groups = (outputs * inputs) / 128;
  const arrays = {
    codes: bytes((outputs * inputs * bits) / 8),
    scales: float16FromFloat32(floats(groups)),
    zeros: bytes((groups * bits) / 8),
  };
  const attributes = integerAttributes({ outputs, inputs, bits, groupSize: 128 }, arrays);
  const tensors = integerTensors(arrays);
  const read = Object.values(arrays).reduce((sum, array) => sum + array.byteLength, 0);
  return { bytes: read, run: (x) => integerMatMulOp.run({ x, ...tensors }, attributes)[0] };
}

function codebooks(outputs, inputs, count, codeBits) {
  const shape = { outputs, inputs, outGroup: 1, inGroup: 8, codebooks: count, codeBits };
  const codes = Uint16Array.from({ length: (outputs * inputs * count) / 8 }, () => random() * 2 ** codeBits);
  const numbers = count * 2 ** codeBits * 8;
  const matrix = {
    codes: codeTensor(shape, codes),
    codebooks: halfTensor(float16FromFloat32(floats(numbers))),
    scales: halfTensor(float16FromFloat32(floats(outputs))),
  };
  const read = codes.length * (codeBits <= 8 ? 1 : 2) + 2 * numbers + 2 * outputs;
  return { bytes: read, run: (x) => codebookMatMulOp.run({ x, ...matrix }, shape)[0] };
}

const results = SHAPES.map(([outputs, inputs]) => {
  const all = forms(outputs, inputs);
  const times = Object.fromEntries(ROWS.map((rows) => [rows, {}]));
  for (const rows of ROWS) {
    const x = tf.tensor2d(floats(rows * inputs), [rows, inputs]);
    // Forms in turn, so that what disturbs one round disturbs all of them.
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, { run }] of Object.entries(all))
        times[rows][name] = Math.min(
          times[rows][name] ?? Number.POSITIVE_INFINITY,
          bestTime(() => run(x), 5),
        );
    x.dispose();
  }
  const read = Object.fromEntries(Object.entries(all).map(([name, form]) => [name, form.bytes]));
  return { outputs, inputs, bytes: read, times };
});
console.log(JSON.stringify({ facts: (await cpuRuntime.probe()).device, results }));
process.exit(0);
