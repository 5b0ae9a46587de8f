import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isEspalierError } from '@espalier/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as browser from '../src/checkpoint/files-browser.js';
import { blobFolder, httpFolder, openCheckpoint } from '../src/checkpoint/index.js';
import { tinyFolder, valuesOf } from './checkpoint-fixture.js';

const source = tinyFolder();
const contentOf = async (file: string) => {
  const opened = await source.open(file);
  return opened.read(0, opened.size);
};

/** Answers range requests, unless the path says otherwise. */
const serve: RequestListener = async (request, response) => {
  const [, folder, file] = request.url!.split('/');
  if (!(await source.has(file!))) {
    response.writeHead(404).end();
    return;
  }
  const content = await contentOf(file!);
  const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
  if (folder === 'no-ranges' || start === undefined) {
    response.writeHead(200, { 'Content-Length': content.length }).end(content);
    return;
  }
  if (folder === 'huge-without-ranges') {
    response.writeHead(200, { 'Content-Length': 1e12 }).write('x');
    return;
  }
  const part = content.subarray(
    Number(start),
    folder === 'short' && Number(end) > 0 ? Number(end) : Number(end) + 1,
  );
  const total = folder === 'secretive' ? '*' : content.length;
  response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${total}` }).end(part);
};

describe('files behind HTTP', () => {
  let server: Server;
  const url = (folder: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}`;
  beforeAll(
    () =>
      new Promise<void>((done) => {
        server = createServer(serve).listen(0, '127.0.0.1', done);
      }),
  );
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each(['ranges', 'no-ranges'])('are read (%s)', async (folder) => {
    const checkpoint = await openCheckpoint(httpFolder(url(folder)));
    expect(await valuesOf(checkpoint.tensors)).toEqual(
      await valuesOf((await openCheckpoint(source)).tensors),
    );
    expect(await checkpoint.files!.has('tokenizer.json')).toBe(false);
  });

  it('only as far as they are needed', async () => {
    let bytes = 0;
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const copy = response.clone();
      bytes += (await copy.arrayBuffer()).byteLength;
      return response;
    };
    const { tensors } = await openCheckpoint(httpFolder(`${url('ranges')}/`, counting));
    const opened = bytes;
    await tensors.read('model.norm.weight');
    expect(bytes - opened).toBe(32);
  });

  it.each([
    ['short', 'invalid-data', /answered with status 206 and \d+ bytes where \d+ were asked for/],
    ['secretive', 'unsupported', /does not say how long it is/],
    ['huge-without-ranges', 'unsupported', /sends no ranges, and the file has 1000000000000 bytes/],
  ] as const)('are refused from a server that is %s', async (folder, code, reason) => {
    const error = await openCheckpoint(httpFolder(url(folder))).catch((thrown) => thrown);
    expect(error.message).toMatch(reason);
    expect(isEspalierError(error, code)).toBe(true);
  });

  it('are refused where they are absent or have a path for a name', async () => {
    const folder = httpFolder(url('ranges'));
    await expect(folder.open('missing.json')).rejects.toThrow("has no file 'missing.json'");
    await expect(folder.open('../secret')).rejects.toThrow('no plain file name');
    await expect(httpFolder('http://127.0.0.1:1/').open('config.json')).rejects.toThrow('cannot be reached');
  });
});

it('files that a user has chosen are read piece by piece', async () => {
  const names = ['config.json', 'model.safetensors'];
  const files = await Promise.all(names.map(async (name) => new File([await contentOf(name)], name)));
  const { tensors } = await openCheckpoint(blobFolder(files));
  expect(await valuesOf(tensors)).toEqual(await valuesOf((await openCheckpoint(source)).tensors));
  await expect(blobFolder([]).open('config.json')).rejects.toThrow("has no file 'config.json'");
});

it('a browser is told what to use instead of paths', async () => {
  await expect(browser.locate('model')).rejects.toThrow('pass blobFolder(files), httpFolder(url)');
  await expect(browser.nodeOutput('model', 'fresh')).rejects.toThrow('write to memoryOutput()');
  expect(() => browser.nodeFolder('model')).toThrow('blobFolder(files)');
});
