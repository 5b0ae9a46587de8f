// One step of decode attention, packed and dense, both on all threads, eight key-value heads of 128 channels; best of twelve steps.
//   node bench/run.mjs [--write]
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { cpuRuntime } from '@espalier/runtime-cpu';
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
  const cells = [
    tokens,
    group,
    `${100 * sparsity} %`,
    dense.toFixed(2),
    packed.toFixed(2),
    (dense / packed).toFixed(2),
  ];
  rows.push(`| ${cells.join(' | ')} |`);
  console.log(rows.at(-1));
}
const table = [
  `Milliseconds of one decode step in float32: scores, softmax, values, and for the packed cache taking the new token. ${cpus()[0].model},`,
  `${cpus().length} cores, Node ${process.version}; load average ${loadavg()[0].toFixed(1)} at the end.`,
  '',
  '| tokens | query heads a group | zeros | dense, ms | packed, ms | dense / packed |',
  '| ---: | ---: | ---: | ---: | ---: | ---: |',
  ...rows,
].join('\n');
if (values.write) {
  const path = new URL('../README.md', import.meta.url);
  const readme = await readFile(path, 'utf8');
  await writeFile(
    path,
    readme.replace(/<!-- measured -->[\s\S]*<!-- end -->/, `<!-- measured -->\n\n${table}\n\n<!-- end -->`),
  );
}
