// One step of decode attention, packed and dense, both on all threads, eight key-value heads of 128 channels; best of twelve steps.
//   node bench/run.mjs [--write]
import { parseArgs } from 'node:util';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { markdownTable } from '../../../tools/bench/markdown-table.mjs';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { decodeTimes } from '../dist/claims.js';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false } }, // the table into the README
});
await cpuRuntime.activate();
const rows = [];
for (const [tokens, group, sparsity] of [
  [4096, 1, 0.5],
  [4096, 1, 0.7],
  [4096, 1, 0.9],
  [4096, 4, 0.5],
  [4096, 4, 0.7],
  [16384, 4, 0.5],
  [16384, 4, 0.7],
]) {
  const { dense, packed } = await decodeTimes(tokens, sparsity, 1, group);
  const halves = await decodeTimes(tokens, sparsity, 1, group, 'f16');
  const cells = [
    String(tokens),
    String(group),
    `${100 * sparsity} %`,
    dense.toFixed(2),
    packed.toFixed(2),
    (dense / packed).toFixed(2),
    halves.packed.toFixed(2),
    (halves.dense / halves.packed).toFixed(2),
  ];
  rows.push(cells);
  console.log(cells.join('  '));
}
const table = [
  `Milliseconds of one decode step: scores, softmax, values, and for the packed cache taking the new token. The dense cache is in float32;`,
  `the packed one keeps its values in float32 or, as by default, in float16. ${measuredOn()}.`,
  '',
  markdownTable(
    [
      'tokens',
      'query heads a group',
      'zeros',
      'dense, ms',
      'packed f32',
      'dense / packed',
      'packed f16',
      'dense / packed',
    ],
    rows,
  ),
].join('\n');
if (values.write) await writeMeasured(new URL('../README.md', import.meta.url), table);
