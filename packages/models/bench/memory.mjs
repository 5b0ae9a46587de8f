// Peak memory of compressing a checkpoint layer by layer, and of opening it as a whole: a random checkpoint of --layers layers is written to a
// temporary folder in bf16, and each way runs in a process of its own.
//   node bench/memory.mjs [--layers 16,64] [--hidden 512] [--intermediate 1408] [--vocabulary 16000] [--tokens 2048]
//     [--method wanda|gptq] [--write] [--json]
// Linux only: peaks are VmHWM of /proc/self/status. Build first. --write puts the table into bench/memory.md.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredOn } from '../../../tools/bench/measured.mjs';
import {
  checkpointPerplexity,
  compressCheckpoint,
  createCheckpointWriter,
  llamaTensors,
  memoryEstimate,
  openCheckpoint,
  openLlama,
  parseLlamaConfig,
  tokenBatches,
} from '../dist/index.js';

const { values: options } = parseArgs({
  options: {
    layers: { type: 'string', default: '16,64' },
    hidden: { type: 'string', default: '512' },
    intermediate: { type: 'string', default: '1408' },
    vocabulary: { type: 'string', default: '16000' },
    tokens: { type: 'string', default: '2048' },
    method: { type: 'string', default: 'wanda' }, // or gptq: X^T X and its factor in memory
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false }, // the figures as the last line
    child: { type: 'string' }, // what to do in this process: `nothing`, `streamed`, `evaluated` or `whole`
    folder: { type: 'string', default: '' },
  },
});
const tokens = Number(options.tokens);
const WINDOW = 256;

if (options.child) console.log(JSON.stringify(await measure(options.child)));
else await compare();

async function measure(way) {
  const { cpuRuntime } = await import('@espalier/runtime-cpu');
  await cpuRuntime.activate();
  const checkpoint = await openCheckpoint(options.folder);
  const start = performance.now();
  let layers = 0;
  if (way === 'whole') (await openLlama(checkpoint)).dispose();
  if (way === 'evaluated')
    await checkpointPerplexity(checkpoint, tokensOf(checkpoint, 0, tokens), { window: WINDOW });
  if (way === 'streamed') {
    const { gptq, wanda } = await import('../dist/baselines/index.js');
    const compress = {
      gptq: (model, request, run) =>
        gptq.create().quantize(model, { bits: 4, groupSize: 128, ...request }, run),
      wanda: (model, request, run) =>
        wanda.create().prune(model, { pattern: { n: 2, m: 4 }, ...request }, run),
    }[options.method];
    const random = Array.from({ length: tokens / WINDOW }, (_, w) => tokensOf(checkpoint, w, WINDOW));
    const calibration = tokenBatches(random, 4);
    const report = await compressCheckpoint({
      source: checkpoint,
      calibration,
      compress,
      // A real sink writes; what it gets is freed after the call either way.
      sink: { layer: (_, weight) => void weight.bytes, tensor: (_, { data }) => void data.length },
      onLayer: () => layers++,
    });
    calibration.dispose();
    console.error(`${report.layers.length} layers, ${report.bytesBefore} bytes to ${report.bytesAfter}`);
  }
  await checkpoint.close();
  const status = await readFile('/proc/self/status', 'utf8');
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024;
  return { peak, layers, seconds: (performance.now() - start) / 1000 };
}

/** Tokens all over the vocabulary. */
function tokensOf({ config }, start, count) {
  return Int32Array.from({ length: count }, (_, i) => (start * 7919 + i * 104_729) % config.vocabularySize);
}

async function compare() {
  const mb = (bytes) => Math.round(bytes / 2 ** 20);
  const rows = [];
  for (const layers of options.layers.split(',').map(Number)) {
    const temporary = await mkdtemp(join(tmpdir(), 'espalier-memory-'));
    const folder = join(temporary, 'model');
    try {
      const config = await writeCheckpoint(folder, layers);
      let size = 0;
      for (const name of await readdir(folder)) size += (await stat(join(folder, name))).size;
      const { checkpoint, peak } = memoryEstimate(config, tokens);
      const ways = ['nothing', 'streamed', 'evaluated', 'whole'];
      const [nothing, streamed, evaluated, whole] = ways.map((way) => runChild(way, folder));
      rows.push({
        layers,
        disk: size,
        float32: checkpoint,
        nothing: nothing.peak,
        streamed: streamed.peak,
        estimate: peak,
        evaluated: evaluated.peak,
        whole: whole.peak,
        seconds: streamed.seconds,
      });
    } finally {
      await rm(temporary, { recursive: true });
    }
  }
  const text = [
    '# Peak memory of layer-by-layer compression, MiB',
    '',
    `Layers of ${options.hidden}, feed-forward ${options.intermediate}, ${options.vocabulary} tokens in the vocabulary; ${tokens} calibration tokens; method ${options.method}. ${measuredOn()}. The peak holds what the JavaScript engine keeps for itself (150 to 250 MiB), which \`memoryEstimate\` leaves out.`,
    '',
    '| layers | on disk | in float32 | runtime alone | pruned layer by layer | estimate, data alone | perplexity layer by layer | whole model opened, nothing done | seconds, pruned layer by layer |',
    `|${' ---: |'.repeat(9)}`,
    ...rows.map(
      ({ layers, seconds, ...bytes }) =>
        `| ${[layers, ...Object.values(bytes).map(mb), seconds.toFixed(0)].join(' | ')} |`,
    ),
    '',
  ].join('\n');
  console.log(text);
  if (options.write) await writeFile(new URL('memory.md', import.meta.url), text);
  if (options.json) console.log(JSON.stringify(rows));
}

function runChild(way, folder) {
  const script = fileURLToPath(import.meta.url);
  const args = [
    script,
    '--child',
    way,
    '--folder',
    folder,
    '--tokens',
    options.tokens,
    '--method',
    options.method,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  process.stderr.write(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** A checkpoint of random weights, written a tensor at a time. */
async function writeCheckpoint(folder, layers) {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: Number(options.vocabulary),
    hidden_size: Number(options.hidden),
    intermediate_size: Number(options.intermediate),
    num_hidden_layers: layers,
    num_attention_heads: Number(options.hidden) / 64,
    num_key_value_heads: Number(options.hidden) / 128,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
  };
  const parsed = parseLlamaConfig(config);
  const plan = [...llamaTensors(parsed)]
    .filter(([name]) => name !== 'lm_head.weight')
    .map(([name, { shape }]) => ({ name, dtype: 'BF16', shape }));
  const writer = await createCheckpointWriter(folder, plan, { config });
  let state = 1;
  for (const { name, shape } of plan) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1);
    // Gains are 1; weights are uniform in +-1/16, from a linear congruential generator.
    if (!name.includes('norm'))
      for (let i = 0; i < values.length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        values[i] = (state / 2 ** 32 - 0.5) / 8;
      }
    await writer.write(name, values);
  }
  await writer.finish();
  return parsed;
}
