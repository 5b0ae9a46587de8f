import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerReport, StoredWeight } from '@espalier/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLayer, encodeLayer } from '../src/compress/layer-file.js';
import { type Job, openLayerStore } from '../src/compress/layer-store.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layer-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const layers = () => join(folder, 'out.layers');
const warnings: string[] = [];
const openStore = (job: Job = { '--bits': 4 }, fresh = false) =>
  openLayerStore(layers(), { job, fresh, onWarning: (text) => warnings.push(text) });
const weight: StoredWeight = {
  format: 'integer',
  shape: [2, 4],
  attributes: { bits: 4 },
  arrays: {
    codes: { shape: [8], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    scales: { shape: [2], data: Float32Array.of(0.5, 2) },
  },
};
const report = { layer: 'a', format: 'integer' } as LayerReport;

describe('the file of a layer', () => {
  it('gives back what was put in', () => {
    expect(decodeLayer(encodeLayer(weight), 'x')).toEqual(weight);
  });

  it('is refused when any byte is changed or cut off', () => {
    const file = encodeLayer(weight);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, by, cut) => {
        const damaged = cut ? file.slice(0, at) : file.map((byte, i) => (i === at ? byte ^ by : byte));
        expect(() => decodeLayer(damaged, 'x')).toThrow('The kept layer x is damaged.');
      }),
    );
  });
});

describe('the folder of a compression', () => {
  it('keeps layers and reports for the same job, and says what differs for another', async () => {
    const one = await openStore({ '--bits': 4, 'content of the model': 'abc', '--skip': undefined });
    await one.put('a', weight);
    one.note(report);
    await one.release();
    const again = await openStore({ '--bits': 4, 'content of the model': 'abc' });
    expect(again.finished.get('a')).toEqual(report);
    expect(await again.get('a')).toEqual(weight);
    await again.release();
    await expect(openStore({ '--bits': 3, 'content of the model': 'abd', '--seed': 1 })).rejects.toThrow(
      'another compression: --bits was 4 and is 3; the content of the model has changed; --seed was not given and is 1. Use the same settings, choose another --out, or give --fresh',
    );
  });

  it('of an older version is refused with what to do', async () => {
    await mkdir(layers());
    await writeFile(join(layers(), 'job.json'), '{"model":"/m","window":256}\n');
    await expect(openStore()).rejects.toThrow(/by another version of this program.*--fresh/);
    await (await openStore(undefined, true)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that something else made is left alone, with fresh too', async () => {
    await mkdir(layers());
    await writeFile(join(layers(), 'diary.txt'), 'dear');
    for (const fresh of [false, true])
      await expect(openStore(undefined, fresh)).rejects.toThrow('holds other files. Choose another --out.');
    expect(await readdir(layers())).toEqual(['diary.txt']);
  });

  it('with fresh forgets layers, reports, and all that was written of the checkpoint', async () => {
    const one = await openStore();
    await one.put('a', weight);
    one.note(report);
    await writeFile(`${one.checkpoint}.partial.journal`, 'x');
    await mkdir(`${one.checkpoint}.partial`);
    await one.release();
    const fresh = await openStore({ '--bits': 3 }, true);
    expect(fresh.finished.size).toBe(0);
    expect(await fresh.get('a')).toBeUndefined();
    expect((await readdir(layers())).sort()).toEqual(['job.json', 'lock']);
    await fresh.release();
  });

  it('removes what a run left that was killed while it wrote', async () => {
    const one = await openStore();
    await one.put('a', weight);
    await mkdir(`${one.checkpoint}.partial-0b7e`);
    await one.release();
    await (await openStore()).release();
    expect((await readdir(layers())).filter((file) => file.includes('partial'))).toEqual([]);
  });

  it('computes a damaged layer again, with a warning', async () => {
    const one = await openStore();
    await one.put('a', weight);
    const [file] = (await readdir(layers())).filter((name) => name.endsWith('.weight'));
    await writeFile(join(layers(), file!), (await readFile(join(layers(), file!))).subarray(0, 50));
    warnings.length = 0;
    expect(await one.get('a')).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/is damaged\. It is computed again\.$/)]);
    expect(await one.has('a')).toBe(false);
    await one.release();
  });

  it('is for one process at a time, and taken over from one that is gone', async () => {
    const one = await openStore();
    await one.put('a', weight);
    await writeFile(join(layers(), 'lock'), String(process.ppid));
    await expect(openStore()).rejects.toThrow(`Process ${process.ppid} is working on`);
    await writeFile(join(layers(), 'lock'), '999999999');
    await (await openStore()).release();
    expect(await readdir(layers())).not.toContain('lock');
  });

  it('that holds nothing is removed', async () => {
    const store = await openStore();
    await store.noteDense('text', { perplexity: 2, modelBytes: 8 });
    expect(await store.dense('text')).toEqual({ perplexity: 2, modelBytes: 8 });
    expect(await store.dense('other text')).toBeUndefined();
    await store.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('knows what is written in this form, and removes it in another', async () => {
    const store = await openStore();
    const written = { layers: [report], bytes: 10, format: 'dense', seconds: 1 };
    await store.noteWritten('dense', written);
    expect(await store.written('dense')).toBeUndefined();
    await mkdir(store.checkpoint);
    await store.noteWritten('dense', written);
    expect(await store.written('dense')).toEqual(written);
    expect(await store.written('aqlm')).toBeUndefined();
    expect(await readdir(layers())).not.toContain('checkpoint');
    await mkdir(store.checkpoint);
    await store.moveTo(join(folder, 'out'));
    await store.release();
    expect(await readdir(folder)).toEqual(['out']);
  });
});
