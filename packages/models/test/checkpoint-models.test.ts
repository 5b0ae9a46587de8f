import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  encodeLlama2c,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  rewriteCheckpoint,
} from '../src/checkpoint/index.js';
import { DATA, dataPath, valuesOf } from './checkpoint-fixture.js';

const skipped = DATA ? '' : ' (skipped: ESPALIER_DATA names no data folder)';

const opened: Checkpoint[] = [];
const open = async (path: string) => {
  const checkpoint = await openCheckpoint(dataPath(path));
  opened.push(checkpoint);
  return checkpoint;
};
afterEach(async () => {
  for (const checkpoint of opened.splice(0)) await checkpoint.close();
});

describe.skipIf(!DATA)(`public models${skipped}`, () => {
  it('stories260k: the llama2.c file and the safetensors file are one model', async () => {
    const folder = await open('stories260k');
    const file = await open('stories260k/stories260K.bin');
    expect(await valuesOf(file.tensors)).toEqual(await valuesOf(folder.tensors));
    const { source: _, ...config } = folder.config;
    expect(file.config).toMatchObject(config);
    expect([file.embedding, file.head]).toEqual([folder.embedding, folder.head]);
    const weights = folder.tensors.names.reduce((sum, name) => sum + folder.tensors.info(name).bytes / 4, 0);
    expect(weights).toBe(260_032);
  });

  it('stories260k, read from its folder and written as a llama2.c file, is the original but for the last bit of RoPE tables', async () => {
    const original = await readFile(dataPath('stories260k/stories260K.bin'));
    const written = await encodeLlama2c(await open('stories260k'));
    expect(written.length).toBe(original.length);
    const tables = original.length - 2 * 4 * 512 * 4; // 512 positions, 4 pairs in a head
    expect(original.subarray(0, tables).equals(written.subarray(0, tables))).toBe(true);
    const [a, b] = [original, written].map(
      (file) => new Float32Array(new Uint8Array(file.subarray(tables)).buffer),
    );
    expect(a!.length).toBe(4096);
    for (let i = 0; i < a!.length; i++) expect(Math.abs(a![i]! - b![i]!)).toBeLessThan(1e-4);
  });

  it('stories260k in bfloat16 shards is what rounding gives', async () => {
    const shards = await open('stories260k-bf16-sharded');
    const output = memoryOutput();
    await rewriteCheckpoint(await open('stories260k'), output, { dtype: 'BF16' });
    const rounded = await openCheckpoint(memoryFolder(output.files));
    expect(await valuesOf(shards.tensors)).toEqual(await valuesOf(rounded.tensors));
    expect(shards.tensors.info('model.norm.weight')).toEqual({ dtype: 'BF16', shape: [64], bytes: 128 });
  });

  it('tinystories-656k stores only its head, and that is its embedding', async () => {
    const { tensors, embedding, head, config } = await open('tinystories-656k');
    expect([embedding, head]).toEqual(['lm_head.weight', 'lm_head.weight']);
    expect(tensors.metadata).toEqual({ format: 'pt', 'model.embed_tokens.weight': 'lm_head.weight' });
    expect(config).toMatchObject({ vocabularySize: 2048, headDim: 16, normEpsilon: 1e-6, tied: true });
    expect(tensors.names.reduce((sum, name) => sum + tensors.info(name).bytes / 4, 0)).toBe(656_000);
  });

  it.each([
    ['stories260k', undefined],
    ['tinystories-656k', undefined],
    ['stories260k-bf16-sharded', 338_176],
  ])('%s, read and written, is the same byte for byte', async (model, maxShardBytes) => {
    const folder = await mkdtemp(join(tmpdir(), 'models-'));
    try {
      const source = await open(model);
      await rewriteCheckpoint(source, join(folder, 'copy'), { maxShardBytes });
      const written = await readdir(join(folder, 'copy'));
      for (const file of (await readdir(dataPath(model))).filter(
        (name) => !/\.u16$|stories260K/.test(name),
      )) {
        expect(written).toContain(file);
        const [copy, original] = [
          await readFile(join(folder, 'copy', file)),
          await readFile(dataPath(`${model}/${file}`)),
        ];
        // The index of Hugging Face ends with a line feed; the one at hand was written without.
        if (file.endsWith('.index.json')) expect(copy.toString().trim()).toBe(original.toString().trim());
        else expect(copy.equals(original), file).toBe(true);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
