// node bench/run.mjs [--rounds 3] [--seconds 0.3] [--python python3]... [--write]
// Times this package, its plain loops, and numpy/scipy, all single-threaded and in one run; prints a table, and writes it to
// docs/performance/linalg.md with --write. Build first (npm run -s build).
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredOn } from '../../../tools/bench/measured.mjs';
import { runPeer } from '../../../tools/bench/peers.mjs';
import { page } from './page.mjs';
import { timings } from './timings.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '0.3' },
    python: { type: 'string', multiple: true, default: ['/usr/bin/python3', 'python3'] },
    write: { type: 'boolean', default: false },
  },
});

/** numpy's timings, or undefined where this Python has no numpy and scipy. */
async function numpyTimings(python) {
  // Where other programs set the core type, numpy's BLAS would be slower than it need be.
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...environment } = process.env;
  const script = fileURLToPath(new URL('numpy_timings.py', import.meta.url));
  const text = await runPeer(python, [script, options.seconds], environment);
  return text && JSON.parse(text);
}

/** Keeps the smaller of two timings, case by case. */
function keepFastest(kept, timing) {
  for (const [name, value] of Object.entries(timing)) {
    if (typeof value === 'number') kept[name] = Math.min(kept[name] ?? Infinity, value);
    else {
      kept[name] ??= {};
      keepFastest(kept[name], value);
    }
  }
}

const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const ours = {};
/** numpy's results by version and BLAS: two names may lead to the same Python. */
const peers = new Map();
// Both sides take turns, so that a busy minute of the machine does not fall on one of them alone.
for (let round = 0; round < rounds; round++) {
  keepFastest(ours, timings(seconds));
  const seen = new Set();
  for (const python of options.python) {
    const found = await numpyTimings(python);
    if (found === undefined) continue;
    const key = `${found.numpy} ${found.blas}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const kept = peers.get(key) ?? { ...found, timings: {} };
    keepFastest(kept.timings, found.timings);
    peers.set(key, kept);
  }
}
const text = page(ours, [...peers.values()], {
  on: measuredOn(),
  v8: process.versions.v8,
  seconds,
  rounds,
});
console.log(text);
if (options.write) {
  const file = new URL('../../../docs/performance/linalg.md', import.meta.url);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, text);
}
