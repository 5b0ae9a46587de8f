// node bench/run.mjs [--seconds 1] [--python python3]... [--write]
// Times this package, its plain loops, and numpy/scipy, all single-threaded and in one run; prints a table, and writes it to
// docs/performance/linalg.md with --write. Build first (pnpm build).
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { page } from './page.mjs';
import { timings } from './timings.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1' },
    python: { type: 'string', multiple: true, default: ['/usr/bin/python3', 'python3'] },
    write: { type: 'boolean', default: false },
  },
});

/** numpy's timings, or undefined where this Python has no numpy and scipy. */
async function numpyTimings(python) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...environment } = process.env;
  const threads = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const script = fileURLToPath(new URL('numpy_timings.py', import.meta.url));
  try {
    const run = promisify(execFile)(python, [script, options.seconds], {
      env: { ...environment, ...threads },
    });
    return JSON.parse((await run).stdout);
  } catch (error) {
    console.error(
      `${python}: no timings (${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)})`,
    );
    return undefined;
  }
}

const seconds = Number(options.seconds);
const ours = timings(seconds);
const peers = [];
for (const python of options.python) {
  const found = await numpyTimings(python);
  const known = peers.some((peer) => peer.numpy === found?.numpy && peer.blas === found?.blas);
  if (found !== undefined && !known) peers.push(found);
}
const text = page(ours, peers, {
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  node: process.version,
  v8: process.versions.v8,
  seconds,
});
console.log(text);
if (options.write) {
  const file = new URL('../../../docs/performance/linalg.md', import.meta.url);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, text);
}
