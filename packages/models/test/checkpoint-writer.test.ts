import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEspalierError } from '@espalier/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCheckpointWriter,
  memoryFolder,
  memoryOutput,
  nodeFolder,
  openCheckpoint,
  type PlannedTensor,
  rewriteCheckpoint,
} from '../src/checkpoint/index.js';
import { jsonBytes, TINY, tinyFolder, valuesOf } from './checkpoint-fixture.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
const fresh = () => join(folder, `model-${count++}`);
const plan: PlannedTensor[] = [
  { name: 'a', dtype: 'F32', shape: [2, 2] },
  { name: 'b', dtype: 'BF16', shape: [3] },
  { name: 'c', dtype: 'I64', shape: [1] },
];
const contents = {
  a: Float32Array.of(1, 2, 3, 4),
  b: Float32Array.of(-1, 0.5, 2),
  c: new Uint8Array(8).fill(1),
};

describe('a writer', () => {
  it('gives the same bytes whatever the order of writing', async () => {
    const results = [];
    for (const order of [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
    ] as const) {
      const output = memoryOutput();
      const writer = await createCheckpointWriter(output, plan, { config: TINY, maxShardBytes: 20 });
      for (const name of order) await writer.write(name, contents[name]);
      expect(output.files).toEqual({});
      await writer.finish();
      results.push(output.files);
    }
    expect(results[0]).toEqual(results[1]);
    expect(Object.keys(results[0]!).sort()).toEqual([
      'config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    expect(JSON.parse(new TextDecoder().decode(results[0]!['model.safetensors.index.json']))).toEqual({
      metadata: { total_size: 30 },
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00002-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    });
  });

  it('takes tensors at the same time', async () => {
    const [one, other] = [memoryOutput(), memoryOutput()];
    for (const [output, together] of [
      [one, true],
      [other, false],
    ] as const) {
      const writer = await createCheckpointWriter(output, plan, { config: TINY, maxShardBytes: 20 });
      const names = ['a', 'b', 'c'] as const;
      if (together) await Promise.all(names.map((name) => writer.write(name, contents[name])));
      else for (const name of names) await writer.write(name, contents[name]);
      await writer.finish();
    }
    expect(one.files).toEqual(other.files);
  });

  it('leaves nothing at the target until all is there', async () => {
    const target = fresh();
    const writer = await createCheckpointWriter(target, plan, { config: TINY });
    await writer.write('a', contents.a);
    expect(await readdir(folder)).not.toContain(target.split('/').at(-1));
    await expect(writer.finish()).rejects.toThrow("2 tensors are not written yet, among them 'b'");
    await writer.write('b', contents.b);
    await writer.write('c', contents.c);
    await writer.finish();
    expect((await readdir(target)).sort()).toEqual(['config.json', 'model.safetensors']);
  });

  it('that is abandoned removes what it wrote', async () => {
    const target = fresh();
    const before = await readdir(folder);
    const writer = await createCheckpointWriter(target, plan, { config: TINY });
    await writer.write('a', contents.a);
    await writer.abandon();
    expect(await readdir(folder)).toEqual(before);
  });

  it('replaces an empty folder and refuses any other', async () => {
    const target = fresh();
    await mkdir(target);
    await rewriteCheckpoint(await openCheckpoint(tinyFolder()), target);
    expect(await readdir(target)).toContain('model.safetensors');
    await expect(rewriteCheckpoint(await openCheckpoint(tinyFolder()), target)).rejects.toThrow(
      'is there already, with 2 entries',
    );
  });

  it('refuses what would be a wrong file', async () => {
    const writer = await createCheckpointWriter(memoryOutput(), plan, { config: TINY });
    const refused = async (promise: Promise<unknown>, reason: string) => {
      const error = (await promise.catch((thrown: unknown) => thrown)) as Error;
      expect(error.message).toContain(reason);
      expect(isEspalierError(error, 'invalid-problem')).toBe(true);
    };
    await refused(writer.write('d', contents.a), "'d' is not in the plan");
    await refused(writer.write('a', Float32Array.of(1)), "'a' was given 1 values; its shape is [2,2]");
    await refused(writer.write('a', new Uint8Array(3)), 'was given 3 bytes; F32 [2,2] needs 16');
    await refused(writer.write('a', Float32Array.of(1, Number.NaN, 3, 4)), 'holds NaN at element 1');
    await refused(
      writer.write('b', Float32Array.of(1, 2, 3.4e38)),
      'element 2, beyond the range of BF16. Write F32.',
    );
    await refused(writer.write('c', Float32Array.of(1)), "'c' is planned as I64, and values were given");
    await writer.write('a', contents.a);
    await refused(writer.write('a', contents.a), "'a' is written already");
    const planned = (changed: PlannedTensor[]) =>
      createCheckpointWriter(memoryOutput(), changed, { config: TINY });
    await refused(planned([]), 'at least one tensor');
    await refused(planned([plan[0]!, plan[0]!]), "names the tensor 'a' twice");
    await refused(planned([{ name: 'x', dtype: 'F32', shape: [-1] }]), 'has the shape [-1]');
    await refused(planned([{ name: '__metadata__', dtype: 'F32', shape: [1] }]), 'cannot have the name');
    await expect(createCheckpointWriter(memoryOutput(), plan)).rejects.toThrow('needs a configuration');
    await expect(
      createCheckpointWriter(memoryOutput(), plan, { config: TINY, maxShardBytes: 0 }),
    ).rejects.toThrow('maxShardBytes is 0');
  });
});

describe('a resumable writer', () => {
  const options = { config: TINY, maxShardBytes: 20, resume: 'job 1' };

  it('goes on where it was interrupted, with the same bytes in the end', async () => {
    const whole = fresh();
    const one = await createCheckpointWriter(whole, plan, { config: TINY, maxShardBytes: 20 });
    for (const name of ['a', 'b', 'c'] as const) await one.write(name, contents[name]);
    await one.finish();

    const target = fresh();
    const first = await createCheckpointWriter(target, plan, options);
    await first.write('b', contents.b);
    await first.abandon();
    // As a crash in the middle of a note would leave it.
    await writeFile(`${target}.partial.journal`, '"a', { flag: 'a' });
    const second = await createCheckpointWriter(target, plan, options);
    expect([...second.done]).toEqual(['b']);
    await second.write('a', contents.a);
    await second.abandon();
    const third = await createCheckpointWriter(target, plan, options);
    expect([...third.done]).toEqual(['b', 'a']);
    await third.write('c', contents.c);
    await third.finish();

    expect((await readdir(target)).sort()).toEqual((await readdir(whole)).sort());
    for (const file of await readdir(whole)) {
      expect(await readFile(join(target, file)), file).toEqual(await readFile(join(whole, file)));
    }
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('refuses the rest of another job, and a file that was cut', async () => {
    const target = fresh();
    const first = await createCheckpointWriter(target, plan, options);
    await first.write('b', contents.b);
    await first.abandon();
    await expect(createCheckpointWriter(target, plan, { ...options, resume: 'job 2' })).rejects.toThrow(
      'it was another job',
    );
    const shard = join(`${target}.partial`, 'model-00002-of-00002.safetensors');
    await truncate(shard, 10);
    await expect(createCheckpointWriter(target, plan, options)).rejects.toThrow('has 10 bytes instead of');
    await rm(shard);
    await expect(createCheckpointWriter(target, plan, options)).rejects.toThrow('is damaged');
  });
});

describe('a checkpoint written anew', () => {
  const source = () => openCheckpoint(tinyFolder());

  it('without changes is the same, byte for byte', async () => {
    const output = memoryOutput();
    await rewriteCheckpoint(await source(), output);
    const original = tinyFolder();
    for (const file of ['config.json', 'model.safetensors']) {
      const bytes = await original.open(file);
      expect(output.files[file]).toEqual(await bytes.read(0, bytes.size));
    }
  });

  it('in other shards holds the same tensors, whatever their size', async () => {
    const expected = await valuesOf((await source()).tensors);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4000 }), async (maxShardBytes) => {
        const output = memoryOutput();
        await rewriteCheckpoint(await source(), output, { maxShardBytes });
        const back = await openCheckpoint(memoryFolder(output.files));
        expect(await valuesOf(back.tensors)).toEqual(expected);
        for (const [file, bytes] of Object.entries(output.files)) {
          if (!file.endsWith('.safetensors')) continue;
          const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
          const data = bytes.length - 8 - header;
          const tensors = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + header)));
          expect(data <= maxShardBytes || Object.keys(tensors).length === 2).toBe(true); // one tensor and the metadata
        }
      }),
      { numRuns: 25 },
    );
  });

  it('has its tensors in the shards of the source, also when they are edited or packed', async () => {
    const sharded = memoryOutput();
    await rewriteCheckpoint(await source(), sharded, { maxShardBytes: 1500 });
    const shards = Object.keys(sharded.files).filter((file) => file.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(2);
    const from = await openCheckpoint(memoryFolder(sharded.files));
    const copy = memoryOutput();
    await rewriteCheckpoint(from, copy);
    expect(copy.files).toEqual(sharded.files);
    const isPacked = (name: string) => name.endsWith('q_proj.weight');
    const packed = memoryOutput();
    await rewriteCheckpoint(from, packed, {
      edit: ({ name, values }) => (isPacked(name) ? values.map((value, i) => (i % 2 ? value : 0)) : values),
      sparse24: isPacked,
    });
    expect(Object.keys(packed.files)).toEqual(expect.arrayContaining(shards));
    const fileName = (path: string) => path.slice(path.lastIndexOf('/') + 1);
    const back = await openCheckpoint(memoryFolder(packed.files));
    for (const name of from.tensors.names)
      expect(fileName(back.tensors.fileOf(name))).toBe(fileName(from.tensors.fileOf(name)));
  });

  it.each(['F16', 'BF16'] as const)('in %s is half as large and says so', async (dtype) => {
    const output = memoryOutput();
    await rewriteCheckpoint(await source(), output, { dtype });
    const back = await openCheckpoint(memoryFolder(output.files));
    expect(back.config.source.torch_dtype).toBe({ F16: 'float16', BF16: 'bfloat16' }[dtype]);
    for (const [name, values] of await valuesOf((await source()).tensors)) {
      expect(back.tensors.info(name)).toMatchObject({ dtype, bytes: 2 * values.length });
      const stored = await back.tensors.read(name);
      const unit = { F16: 2 ** -11, BF16: 2 ** -8 }[dtype];
      for (const [i, value] of values.entries()) {
        expect(Math.abs(stored[i]! - value)).toBeLessThanOrEqual(unit * Math.abs(value) + 2 ** -25);
      }
    }
  });

  it('takes edited values, and its files along', async () => {
    const base = tinyFolder();
    const original = await base.open('model.safetensors');
    const config = await base.open('config.json');
    const input = memoryFolder({
      'tokenizer.json': jsonBytes({ any: 'thing' }),
      'config.json': await config.read(0, config.size),
      'model.safetensors': await original.read(0, original.size),
      'notes.txt': jsonBytes('left behind'),
    });
    const output = memoryOutput();
    await rewriteCheckpoint(await openCheckpoint(input), output, {
      edit: ({ name, values }) => (name.includes('mlp') ? values.map((value) => 2 * value) : values),
    });
    expect(Object.keys(output.files).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    const back = await valuesOf((await openCheckpoint(memoryFolder(output.files))).tensors);
    for (const [name, values] of await valuesOf((await source()).tensors)) {
      expect(back.get(name)).toEqual(name.includes('mlp') ? values.map((value) => 2 * value) : values);
    }
  });

  it('leaves nothing behind when an edit fails or the run is aborted', async () => {
    const before = await readdir(folder);
    const target = fresh();
    await expect(
      rewriteCheckpoint(await source(), target, { edit: ({ values }) => values.subarray(1) }),
    ).rejects.toThrow('The edited tensor');
    const controller = new AbortController();
    const error = await rewriteCheckpoint(
      await source(),
      target,
      {},
      { signal: controller.signal, onProgress: () => controller.abort() },
    ).catch((thrown) => thrown);
    expect(isEspalierError(error, 'aborted')).toBe(true);
    expect(await readdir(folder)).toEqual(before);
  });

  it('goes on after an abort when it is resumable', async () => {
    const target = fresh();
    const controller = new AbortController();
    const seen: string[] = [];
    const edit = ({ name, values }: { name: string; values: Float32Array }) => {
      seen.push(name);
      return values.map((value) => -value);
    };
    await rewriteCheckpoint(
      await source(),
      target,
      { edit, resume: 'negate' },
      { signal: controller.signal, onProgress: ({ iteration }) => iteration === 5 && controller.abort() },
    ).catch(() => {});
    expect(seen.length).toBe(5);
    await rewriteCheckpoint(await source(), target, { edit, resume: 'negate' });
    expect(seen.length).toBe(21);
    expect(new Set(seen).size).toBe(21);
    const written = await openCheckpoint(join(target, 'model.safetensors'));
    const back = await valuesOf(written.tensors);
    await written.close();
    for (const [name, values] of await valuesOf((await source()).tensors)) {
      expect(back.get(name)).toEqual(values.map((value) => -value));
    }
  });
});

describe('a folder on disk', () => {
  it('opens only plain names', async () => {
    const disk = nodeFolder(folder);
    await expect(disk.open('../x')).rejects.toThrow('no plain file name');
    await expect(disk.has('a/b')).rejects.toThrow('no plain file name');
    await expect(disk.open('missing.json')).rejects.toThrow("has no file 'missing.json'");
    await expect(openCheckpoint(join(folder, 'missing'))).rejects.toThrow('is not there');
    await writeFile(join(folder, 'x.txt'), 'x');
    await expect(openCheckpoint(join(folder, 'x.txt'))).rejects.toThrow('no checkpoint that is known');
  });
});
