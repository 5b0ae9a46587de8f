// Compares products with weights in their stored forms with dense ones, with and without BLAS, on this machine:
// node bench/stored-weights.mjs [--quick] [--write]. --write puts the page into docs/performance/stored-weights.md.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from '../../../tools/bench/measured.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const variant = fileURLToPath(new URL('stored-weights-variant.mjs', import.meta.url));
const load = [loadavg()[0]];
const variants = {
  'no BLAS': measure({ ESPALIER_BLAS: 'off' }),
  BLAS: measure({}),
};

const page = report();
process.stdout.write(page);
if (options.write)
  writeFileSync(new URL('../../../docs/performance/stored-weights.md', import.meta.url), page);

/** What the variant prints, in a process of its own. */
function measure(env) {
  const { OPENBLAS_CORETYPE: _, ESPALIER_BLAS: __, ESPALIER_THREADS: ___, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [variant, ...(options.quick ? ['--quick'] : [])],
    { env: { ...inherited, ...env }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The measurement ended with status ${status}:\n${stderr}`);
  load.push(loadavg()[0]);
  return JSON.parse(stdout.slice(stdout.indexOf('{"facts"')));
}

function report() {
  const [plain, blas] = [variants['no BLAS'], variants.BLAS];
  const cores = availableParallelism();
  const busy = Math.max(...load) > cores + 1;
  const facts = `${machine()}; BLAS: ${blas.facts.blas}; ${new Date().toISOString().slice(0, 10)}`;
  return `# Products with weights as they are stored: measured
${busy ? '\n**Measured while other programs used the cores: not to be quoted. Repeat it on a quiet machine.**\n' : ''}
Written by \`node packages/runtime-cpu/bench/stored-weights.mjs --write\`, which repeats the measurement${options.quick ? ' (this page: its quick form)' : ''}.

- Machine: ${facts}.
- Load average before, between and after: ${load.map((value) => value.toFixed(1)).join(', ')} (the benchmark itself keeps ${cores} busy at most).
- y = x W^T, x of 1, 8 and 64 rows. Best of many calls, forms in turn in one process; in brackets the time of the dense product of the
  same process over it: above 1 the stored form is faster. Stored forms never call BLAS; they stand in the table of the run without it.
- MB: what a product reads of the weight. The codes are random; groups of the integers have 128 inputs, codebooks ("MxBgG": M
  codebooks of B bits, vectors of G) and scales are float16.

${plain.results.map((result, i) => section(result, blas.results[i])).join('\n')}`;
}

function section({ outputs, inputs, bytes, times }, { times: withBlas }) {
  const rows = Object.keys(times);
  const cell = (of, name, row) => {
    const [time, dense] = [of[row][name], of[row]['dense float32']];
    return name === 'dense float32' ? time.toFixed(2) : `${time.toFixed(2)} (${(dense / time).toFixed(1)})`;
  };
  const line = (name, label = name, of = times) =>
    `| ${label} | ${(bytes[name] / 1e6).toFixed(2)} | ${(bytes['dense float32'] / bytes[name]).toFixed(1)} | ${rows.map((row) => cell(of, name, row)).join(' | ')} |`;
  return `## ${outputs} x ${inputs}

| weight | MB | dense bytes / its bytes | ${rows.map((row) => `${row} ${row === '1' ? 'row' : 'rows'}, ms`).join(' | ')} |
| --- | ---: | ---: | ${rows.map(() => '---:').join(' | ')} |
${line('dense float32', 'dense float32, BLAS', withBlas)}
${Object.keys(bytes)
  .map((name) => line(name))
  .join('\n')}
`;
}
