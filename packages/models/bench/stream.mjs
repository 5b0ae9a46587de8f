// Peak memory and time of writing, reading, converting and pruning a checkpoint that is streamed tensor by tensor.
//   node bench/stream.mjs [--layers 4,22] [--folder DIR] [--write] [--json]
// The checkpoint is a synthetic Llama of TinyLlama's sizes (hidden 2048, MLP 5632, vocabulary 32,000); 22 layers are 1.1e9 weights,
// 2.2 GB in bfloat16. Needs four times that on disk. Each step runs in a process of its own, so that its peak is its own.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredOn } from '../../../tools/bench/measured.mjs';
import {
  createCheckpointWriter,
  llamaTensors,
  openCheckpoint,
  parseLlamaConfig,
  rewriteCheckpoint,
} from '../dist/checkpoint/index.js';

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '4,22' },
    folder: { type: 'string', default: tmpdir() },
    write: { type: 'boolean', default: false }, // bench/stream.md
    json: { type: 'boolean', default: false }, // the figures as the last line
    step: { type: 'string' }, // of the child process
  },
});

const configOf = (layers) => ({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 32000,
  hidden_size: 2048,
  intermediate_size: 5632,
  num_hidden_layers: Number(layers),
  num_attention_heads: 32,
  num_key_value_heads: 4,
  max_position_embeddings: 2048,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
});
const maxShardBytes = 1e9;
const isLinear = (name) => name.endsWith('_proj.weight');

/** What each step does in the folder that the others have filled. */
const STEPS = {
  'nothing (the process alone)': async () => {},
  'write bfloat16 shards': async (folder) => {
    const config = configOf(values.layers);
    const plan = [...llamaTensors(parseLlamaConfig(config))].map(([name, { shape }]) => ({
      name,
      dtype: 'BF16',
      shape,
    }));
    const writer = await createCheckpointWriter(join(folder, 'dense'), plan, { config, maxShardBytes });
    for (const { name, shape } of plan) await writer.write(name, weights(shape));
    await writer.finish();
  },
  'read every tensor as float32': async (folder) => {
    const { tensors, close } = await openCheckpoint(join(folder, 'dense'));
    for (const name of tensors.names) await tensors.read(name);
    await close();
  },
  copy: (folder) => rewrite(folder, 'copy', {}),
  'convert to float16': (folder) => rewrite(folder, 'half', { dtype: 'F16' }),
  'prune to 2:4 and pack': (folder) =>
    rewrite(folder, 'sparse', {
      edit: ({ name, values: dense }) => (isLinear(name) ? prune(dense) : dense),
      sparse24: isLinear,
    }),
  'read the packed weights': async (folder) => {
    const { tensors, close } = await openCheckpoint(join(folder, 'sparse'));
    for (const name of tensors.names) await tensors.read(name);
    await close();
  },
};

async function rewrite(folder, target, options) {
  const source = await openCheckpoint(join(folder, 'dense'));
  await rewriteCheckpoint(source, join(folder, target), { maxShardBytes, ...options });
  await source.close();
}

/** Cheap numbers that are no zeros. */
function weights(shape) {
  const result = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < result.length; i++) result[i] = ((i * 2654435761) >>> 0) / 2 ** 32 - 0.5 + 2 ** -20;
  return result;
}

/** In place: of every four numbers the two smallest become zero. */
function prune(dense) {
  for (let group = 0; group < dense.length; group += 4) {
    for (let drop = 0; drop < 2; drop++) {
      let smallest = -1;
      for (let i = group; i < group + 4; i++) {
        if (dense[i] !== 0 && (smallest < 0 || Math.abs(dense[i]) < Math.abs(dense[smallest]))) smallest = i;
      }
      if (smallest >= 0) dense[smallest] = 0;
    }
  }
  return dense;
}

/** VmHWM of this process in bytes (Linux). */
async function peak() {
  const status = await readFile('/proc/self/status', 'utf8');
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)[1]);
}

async function sizeOf(folder) {
  const files = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

if (values.step) {
  const start = performance.now();
  await STEPS[values.step](values.folder);
  const seconds = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ seconds, peak: await peak(), processor: (user + system) / 1e6 }));
} else {
  const measured = [];
  for (const layers of values.layers.split(',')) measured.push(await measure(layers));
  const report = [
    '# Streaming a checkpoint',
    '',
    `${measuredOn()}. Seconds on a busy machine say little: processor seconds more.`,
    '',
    ...measured.flatMap(section),
  ];
  console.log(report.join('\n'));
  if (values.write) await writeFile(new URL('./stream.md', import.meta.url), report.join('\n'));
  if (values.json) console.log(JSON.stringify(measured));
}

/** All steps with so many layers. */
async function measure(layers) {
  const folder = await mkdtemp(join(values.folder, 'stream-'));
  try {
    const rows = Object.keys(STEPS).map((step) => {
      const child = spawnSync(
        process.execPath,
        [fileURLToPath(import.meta.url), '--step', step, '--folder', folder, '--layers', layers],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      if (child.status !== 0) throw new Error(`${step}: exit status ${child.status}`);
      console.error(layers, step, child.stdout.trim());
      return { step, ...JSON.parse(child.stdout) };
    });
    const shapes = [...llamaTensors(parseLlamaConfig(configOf(layers))).values()].map(({ shape }) =>
      shape.reduce((a, b) => a * b, 1),
    );
    return {
      layers,
      weights: shapes.reduce((a, b) => a + b, 0),
      largest: 4 * Math.max(...shapes),
      dense: await sizeOf(join(folder, 'dense')),
      sparse: await sizeOf(join(folder, 'sparse')),
      rows,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function section({ layers, weights: count, largest, dense, sparse, rows }) {
  const mega = (bytes) => Math.round(bytes / 1e6).toLocaleString('en');
  return [
    `## ${layers} layers, ${(count / 1e9).toFixed(2)}e9 weights`,
    '',
    `${mega(dense)} MB in bfloat16, ${mega(sparse)} MB packed 2:4; the largest tensor takes ${mega(largest)} MB in float32.`,
    '',
    '| step | peak memory, MB | seconds | processor seconds |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ step, peak: bytes, seconds, processor }) =>
        `| ${step} | ${mega(bytes)} | ${seconds.toFixed(1)} | ${processor.toFixed(1)} |`,
    ),
    '',
  ];
}
