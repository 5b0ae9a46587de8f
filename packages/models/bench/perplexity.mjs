// Perplexity of models on their evaluation tokens: this package on the cpu runtime (with and without native BLAS) and PyTorch (peer.py), on
// the same cores, one after the other in one run; of each the fastest round counts.
//   node bench/perplexity.mjs [--data DIR] [--model stories260k,tinystories-656k] [--window 256] [--batch 8] [--rounds 5] [--threads N]
//     [--python /usr/bin/python3] [--write] [--json]
// Threads are as many as there are cores; beside other programs, one of each is the fairer comparison. Without --data (or ESPALIER_DATA) there is nothing to measure. Build first. --write puts the table into bench/perplexity.md.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { machine } from '../../../tools/bench/measured.mjs';
import { openCheckpoint, openLlama, perplexity, tokensFromBytes } from '../dist/index.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA ?? '' },
    model: { type: 'string', default: 'stories260k,tinystories-656k' },
    window: { type: 'string', default: '256' },
    batch: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    python: { type: 'string', default: '/usr/bin/python3' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false }, // the figures as the last line
    child: { type: 'boolean', default: false }, // measures one model in this process and prints JSON
  },
});
if (!options.data) {
  console.error('Name the data folder: --data DIR, or ESPALIER_DATA.');
  process.exit(2);
}
const [window, batch, rounds] = [options.window, options.batch, options.rounds].map(Number);
const tokensFile = (model) => join(options.data, model, 'tokens_eval.u16');

if (options.child) console.log(JSON.stringify(await measure()));
else await compare();

async function measure() {
  const { cpuRuntime } = await import('@espalier/runtime-cpu');
  await cpuRuntime.activate();
  const checkpoint = await openCheckpoint(join(options.data, options.model));
  const model = await openLlama(checkpoint);
  await checkpoint.close();
  const tokens = tokensFromBytes(await readFile(tokensFile(options.model)));
  const once = () => perplexity(model, tokens, { window, batchSize: batch });
  const result = await once();
  let seconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await once();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  const { device } = await cpuRuntime.probe();
  return { perplexity: result.perplexity, seconds, tokens: result.windows * window, device };
}

async function compare() {
  const models = [];
  for (const model of options.model.split(',')) models.push(await compareOn(model));
  const text = models.map(section).join('\n');
  console.log(text);
  if (options.write) await writeFile(new URL('perplexity.md', import.meta.url), text);
  if (options.json) console.log(JSON.stringify(models));
}

/** One model everywhere. */
async function compareOn(model) {
  const load = [loadavg()[0]];
  const threads = Number(options.threads);
  const script = fileURLToPath(import.meta.url);
  const variant = (env) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [script, '--child', ...process.argv.slice(2), '--model', model],
      {
        env: { ...process.env, ESPALIER_THREADS: options.threads, ...env },
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };
  const results = { 'espalier, no BLAS': variant({ ESPALIER_BLAS: 'off' }), 'espalier, BLAS': variant({}) };
  const peer = await pytorch(model, threads).catch((error) => console.error(`No PyTorch: ${error.message}`));
  if (peer) results[`PyTorch ${peer.version}`] = peer;
  load.push(loadavg()[0]);
  const { tokens } = results['espalier, no BLAS'];
  const rows = Object.entries(results).map(([name, { perplexity: value, seconds }]) => ({
    name,
    perplexity: value,
    seconds,
    againstPeer: peer && seconds / peer.seconds,
  }));
  return { model, window, batch, rounds, threads, load, tokens, rows };
}

function section({ model, threads, load, tokens, rows }) {
  const lines = rows.map(
    ({ name, perplexity: value, seconds, againstPeer }) =>
      `| ${name} | ${value.toFixed(4)} | ${(1000 * seconds).toFixed(0)} | ${Math.round(tokens / seconds)} | ${againstPeer?.toFixed(2) ?? '-'} |`,
  );
  return [
    `# Perplexity of ${model}, windows of ${window}`,
    '',
    `${machine()}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, batches of ${batch}, fastest of ${rounds} rounds, load average ${load.map((value) => value.toFixed(1)).join(' to ')}.`,
    '',
    '| | perplexity | milliseconds | tokens a second | time against PyTorch |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

/** The same weights and tokens in PyTorch. */
async function pytorch(model, threads) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-perplexity-'));
  const checkpoint = await openCheckpoint(join(options.data, model));
  try {
    const { config, tensors, embedding } = checkpoint;
    const stored = tensors.names.filter(
      (name) => name !== 'lm_head.weight' || !config.tied || embedding === name,
    );
    const named = stored.map((name) => [
      name === embedding ? 'model.embed_tokens.weight' : name,
      tensors.info(name).shape,
    ]);
    const parts = [];
    for (const name of stored) parts.push(Buffer.from((await tensors.read(name)).buffer));
    await writeFile(join(folder, 'weights.f32'), Buffer.concat(parts));
    const { source: _, ...sizes } = config;
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ config: sizes, tensors: named }));
    const script = fileURLToPath(new URL('peer.py', import.meta.url));
    const args = [script, folder, tokensFile(model), ...[window, batch, threads, rounds].map(String)];
    // Without these, glibc gives every large tensor back to the system at once, and PyTorch spends its time on fresh pages.
    const memory = { MALLOC_MMAP_THRESHOLD_: `${2 ** 30}`, MALLOC_TRIM_THRESHOLD_: `${2 ** 32}` };
    const { stdout } = await promisify(execFile)(options.python, args, {
      env: { ...process.env, ...memory },
    });
    return JSON.parse(stdout);
  } finally {
    await checkpoint.close();
    await rm(folder, { recursive: true });
  }
}
