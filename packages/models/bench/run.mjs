// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--rounds 5] [--threads N] [--layers 16,64] [--large] [--write]
// Everything that this package's README says was measured, in one run: perplexity against PyTorch (perplexity.mjs), peak memory of
// compressing and judging a checkpoint layer by layer against opening it as a whole (memory.mjs), and of streaming a large checkpoint
// (stream.mjs; --large takes 1.1e9 weights instead of 0.3e9 and 9 GB on disk). Each runs in processes of its own. --write puts the tables
// into bench/*.md and the summary into the README. Without --data (or ESPALIER_DATA) the perplexity is left out. Build first.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA ?? '' },
    python: { type: 'string', default: '/usr/bin/python3' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string' },
    layers: { type: 'string', default: '16,64' },
    large: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const perplexity = options.data
  ? script('perplexity.mjs', [
      ...['--data', options.data, '--python', options.python, '--rounds', options.rounds],
      ...(options.threads ? ['--threads', options.threads] : []),
    ])
  : [];
if (!options.data) console.error('No data folder (--data DIR or ESPALIER_DATA): perplexity is left out.');
const memory = script('memory.mjs', ['--layers', options.layers]);
const [stream] = script('stream.mjs', ['--layers', options.large ? '22' : '4']);
const text = summary();
console.log(text);
if (options.write) await writeMeasured(new URL('../README.md', import.meta.url), text);

/** Runs one of the scripts beside this one, and returns the figures that it prints in its last line. */
function script(name, args) {
  console.error(`${name} ...`);
  const path = fileURLToPath(new URL(name, import.meta.url));
  const all = [path, '--json', ...(options.write ? ['--write'] : []), ...args];
  const { status, stdout } = spawnSync(process.execPath, all, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) {
    console.error(`${name} ended with exit status ${status}.`);
    process.exit(1);
  }
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function summary() {
  const mib = (bytes) => Math.round(bytes / 2 ** 20);
  const peakOf = (step) => Math.round(stream.rows.find((row) => row.step === step).peak / 1e6);
  const lines = [`${measuredOn()}.`, ''];
  if (perplexity.length > 0) {
    const [{ window, threads, rounds }] = perplexity;
    const load = perplexity.flatMap(({ load: averages }) => averages);
    lines.push(
      `Perplexity of windows of ${window} tokens: seconds for all of them, the fastest of ${rounds} rounds on ${threads === 1 ? 'one thread' : `${threads} threads`}, load average ${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)} ([bench/perplexity.md](bench/perplexity.md)).`,
      '',
      '| model | tokens | with | perplexity | seconds | time against PyTorch |',
      '| --- | ---: | --- | ---: | ---: | ---: |',
      ...perplexity.flatMap(({ model, tokens, rows }) =>
        rows.map(
          ({ name, perplexity: value, seconds, againstPeer }) =>
            `| ${model} | ${tokens} | ${name} | ${value.toFixed(4)} | ${seconds.toFixed(2)} | ${againstPeer?.toFixed(2) ?? '-'} |`,
        ),
      ),
      '',
    );
  }
  lines.push(
    'Peak memory of one process, MiB, for a checkpoint of so many decoder layers ([bench/memory.md](bench/memory.md)).',
    '',
    '| decoder layers | weights in float32 | nothing done | pruned layer by layer | perplexity layer by layer | whole model opened |',
    '| ---: | ---: | ---: | ---: | ---: | ---: |',
    ...memory.map(
      ({ layers, float32, nothing, streamed, evaluated, whole }) =>
        `| ${[layers, ...[float32, nothing, streamed, evaluated, whole].map(mib)].join(' | ')} |`,
    ),
    '',
    `Peak memory, MB, of work on a checkpoint of ${Math.round(stream.dense / 1e6)} MB in bfloat16 whose largest tensor takes ${Math.round(stream.largest / 1e6)} MB in float32`,
    `([bench/stream.md](bench/stream.md)): writing it ${peakOf('write bfloat16 shards')}, reading every tensor ${peakOf('read every tensor as float32')}, copying ${peakOf('copy')}, converting ${peakOf('convert to float16')}, pruning to 2:4 and packing`,
    `${peakOf('prune to 2:4 and pack')}; a process that does nothing takes ${peakOf('nothing (the process alone)')}.`,
  );
  return lines.join('\n');
}
