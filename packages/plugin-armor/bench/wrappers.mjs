// The product with a block-diagonal wrapper against the same by reshaping, transposing and tf.matMul, and against the dense product, in turn in this process.
//   node bench/wrappers.mjs
import { blockDiagonalMatMulOp } from '@espalier/kernels';
import { cpuRuntime } from '@espalier/runtime-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { bestTime } from '../../../tools/bench/best-time.mjs';
import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const ROUNDS = 6;
await cpuRuntime.activate();
const lines = [];
for (const size of [512, 4096]) {
  const dense = tf.randomNormal([size, size]);
  for (const block of [4, 16, 32, 128]) {
    const blocks = tf.randomNormal([size / block, block, block]);
    for (const rows of [1, 64]) {
      const x = tf.randomNormal([rows, size]);
      const forms = {
        kernel: () => blockDiagonalMatMulOp.run({ x, blocks }, { transposed: true })[0],
        tfjs: () => tf.tidy(() => blockDiagonalMatMulOp.reference({ x, blocks }, { transposed: true })[0]),
        dense: () => tf.matMul(x, dense, false, true),
      };
      const times = Object.fromEntries(Object.keys(forms).map((name) => [name, Number.POSITIVE_INFINITY]));
      for (let round = 0; round < ROUNDS; round++)
        for (const [name, work] of Object.entries(forms))
          times[name] = Math.min(times[name], bestTime(work, 8));
      const { kernel, tfjs } = times;
      lines.push([
        `${size}, blocks of ${block}`,
        String(rows),
        ...[kernel, tfjs, times.dense].map((time) => time.toFixed(3)),
        (tfjs / kernel).toFixed(2),
        ((100 * kernel) / times.dense).toFixed(1),
      ]);
      x.dispose();
    }
    blocks.dispose();
  }
  dense.dispose();
}
console.log(
  markdownTable(
    ['wrapper', 'rows', 'kernel, ms', 'tfjs, ms', 'dense, ms', 'tfjs / kernel', '% of dense'],
    lines,
  ),
);
process.exit(0);
