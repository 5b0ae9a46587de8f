import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, isEspalierError } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesSource,
  encodeLlama2c,
  openCheckpoint,
  openLlama2c,
  type RawTensor,
  rewriteCheckpoint,
} from '../src/checkpoint/index.js';
import { randomTensors, TINY, tinyFolder } from './checkpoint-fixture.js';

/** dim, hidden, layers, heads, key heads, vocabulary (negative: not tied), context. */
const SIZES = [8, 12, 2, 2, 1, 5, 4] as const;

/** A file whose numbers count up. */
function fileOf(sizes: readonly number[], count: number): Uint8Array {
  const file = new Uint8Array(28 + 4 * count);
  new Int32Array(file.buffer, 0, 7).set(sizes);
  new Float32Array(file.buffer, 28).set(Float32Array.from({ length: count }, (_, i) => i));
  return file;
}

const embedding = 5 * 8;
const layer = 8 + 8 * 8 + 2 * 4 * 8 + 8 * 8 + 8 + 3 * 8 * 12;
const tiedCount = embedding + 2 * layer + 8 + 4 * 4;

describe('a llama2.c file', () => {
  it('gives its arrays under the names of Hugging Face', async () => {
    const {
      tensors,
      config,
      embedding: from,
      head,
    } = await openLlama2c(bytesSource('x.bin', fileOf(SIZES, tiedCount)));
    expect(config).toMatchObject({
      hiddenSize: 8,
      heads: 2,
      kvHeads: 1,
      headDim: 4,
      tied: true,
      normEpsilon: 1e-5,
    });
    expect(head).toBe(from);
    expect((await tensors.read('model.layers.1.input_layernorm.weight'))[0]).toBe(embedding + 8);
    const values = embedding + 2 * 8 + 2 * (64 + 32) + 32;
    expect((await tensors.read('model.layers.1.self_attn.v_proj.weight'))[0]).toBe(values);
    const down = embedding + 2 * (8 + 64 + 32 + 32 + 64 + 8 + 96);
    expect((await tensors.read('model.layers.0.mlp.down_proj.weight'))[0]).toBe(down);
    expect(tensors.info('model.layers.0.mlp.down_proj.weight').shape).toEqual([8, 12]);
    expect((await tensors.read('model.layers.0.mlp.up_proj.weight'))[0]).toBe(down + 2 * 96);
    expect((await tensors.read('model.norm.weight'))[0]).toBe(embedding + 2 * layer);
  });

  it('puts the rows of q and k in half-split order: the even ones of each head, then the odd ones', async () => {
    const { tensors } = await openLlama2c(bytesSource('x.bin', fileOf(SIZES, tiedCount)));
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const start = embedding + 2 * 8;
    const rows = [0, 2, 1, 3, 4, 6, 5, 7];
    const expected = Float32Array.from(
      rows.flatMap((row) => Array.from({ length: 8 }, (_, i) => start + 8 * row + i)),
    );
    expect(await tensors.read(name)).toEqual(expected);
    const bytes = new Uint8Array(expected.buffer);
    expect(await tensors.readBytes(name)).toEqual(bytes);
    expect(await tensors.readBytes(name, 30, 70)).toEqual(bytes.slice(30, 70));
  });

  it('with a negative vocabulary has a head of its own behind the RoPE tables', async () => {
    const file = fileOf([8, 12, 2, 2, 1, -5, 4], tiedCount + embedding);
    const { tensors, config, head } = await openLlama2c(bytesSource('x.bin', file));
    expect(config.tied).toBe(false);
    expect((await tensors.read(head))[0]).toBe(tiedCount);
  });

  it('is written as it was read', async () => {
    for (const file of [fileOf(SIZES, tiedCount), fileOf([8, 12, 2, 2, 1, -5, 4], tiedCount + embedding)]) {
      const written = await encodeLlama2c(await openLlama2c(bytesSource('x.bin', file)));
      const tables = 28 + 4 * (embedding + 2 * layer + 8);
      expect(written.length).toBe(file.length);
      expect(written.subarray(0, tables)).toEqual(file.subarray(0, tables));
      expect(written.subarray(tables + 64)).toEqual(file.subarray(tables + 64));
      // Position 1, pairs 0 and 1 of a head of 4: angles 1 and 10,000^-0.5.
      const [cosines, sines] = [
        new Float32Array(written.buffer, tables, 8),
        new Float32Array(written.buffer, tables + 32, 8),
      ];
      expect(cosines[2]).toBeCloseTo(Math.cos(1), 6);
      expect(sines[3]).toBeCloseTo(Math.sin(0.01), 6);
    }
  });

  it('has no place for some models', async () => {
    const open = (change: object, tensors?: RawTensor[]) =>
      openCheckpoint(tinyFolder({ ...TINY, ...change } as typeof TINY, tensors));
    const biased = { ...TINY, attention_bias: true };
    await expect(encodeLlama2c(await open(biased, randomTensors(biased)))).rejects.toThrow('has biases');
    await expect(encodeLlama2c(await open({ rope_theta: 500000 }))).rejects.toThrow('RoPE base 500000');
    await expect(encodeLlama2c(await open({ rms_norm_eps: 1e-6 }))).rejects.toThrow('epsilon 0.000001');
    await expect(encodeLlama2c(await open({ rope_scaling: { type: 'linear', factor: 2 } }))).rejects.toThrow(
      'RoPE scaling',
    );
  });

  it('is refused when it is damaged', async () => {
    const refused = async (file: Uint8Array, reason: string) => {
      const error = await openLlama2c(bytesSource('x.bin', file)).catch((thrown) => thrown);
      expect(error.message).toContain(reason);
      expect(isEspalierError(error, 'invalid-data')).toBe(true);
    };
    const file = fileOf(SIZES, tiedCount);
    await refused(file.slice(0, 20), 'x.bin has 20 bytes, fewer than a llama2.c header');
    await refused(
      file.slice(0, -4),
      `x.bin has ${file.length - 4} bytes; a llama2.c file of its sizes has ${file.length}`,
    );
    await refused(
      fileOf([8, 12, 2, 3, 1, 5, 4], tiedCount),
      'hidden_size 8 is no multiple of num_attention_heads 3',
    );
    await refused(fileOf([8, 12, 0, 2, 1, 5, 4], tiedCount), 'no llama2.c file of version 0');
    await refused(fileOf([8, 12, 2_000_000_000, 2, 1, 5, 4], tiedCount), 'no llama2.c file of version 0');
    const nan = file.slice();
    new Float32Array(nan.buffer, 28)[embedding] = Number.NaN;
    const { tensors } = await openLlama2c(bytesSource('x.bin', nan));
    await expect(tensors.read('model.layers.0.input_layernorm.weight')).rejects.toThrow(
      "x.bin: the tensor 'model.layers.0.input_layernorm.weight' holds NaN at element 0",
    );
  });

  it('never hangs on a random header', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -3, max: 700 }), { minLength: 7, maxLength: 7 }),
        fc.integer(),
        async (sizes, seed) => {
          const count = createRandom(seed).integer(2000);
          const outcome = await openLlama2c(bytesSource('x', fileOf(sizes, count))).catch((error) => error);
          expect(!(outcome instanceof Error) || isEspalierError(outcome, 'invalid-data')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a llama2.c file on disk', () => {
  const written = async (others: readonly string[]) => {
    const folder = await mkdtemp(join(tmpdir(), 'llama2c-'));
    try {
      await writeFile(join(folder, 'model.bin'), fileOf(SIZES, tiedCount));
      await writeFile(join(folder, 'config.json'), '{"of": "another model"}');
      for (const file of others) await writeFile(join(folder, file), file);
      await rewriteCheckpoint(await openCheckpoint(join(folder, 'model.bin')), join(folder, 'out'));
      const config = JSON.parse(await readFile(join(folder, 'out', 'config.json'), 'utf8'));
      return { files: (await readdir(join(folder, 'out'))).sort(), config };
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it('is written with the vocabulary of its size, and with a configuration from its header', async () => {
    const { files, config } = await written(['tok5.bin', 'tok6.bin', 'tokenizer.bin', 'tokenizer.json']);
    expect(files).toEqual(['config.json', 'model.safetensors', 'tok5.bin']);
    expect(config).toMatchObject({ vocab_size: 5, hidden_size: 8, num_hidden_layers: 2 });
  });

  it('is written with the tokenizer beside it where none is named after its size', async () => {
    expect((await written(['tok6.bin', 'tokenizer.bin'])).files).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.bin',
    ]);
  });
});
