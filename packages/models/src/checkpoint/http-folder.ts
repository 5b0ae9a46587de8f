import { InvalidDataError, UnsupportedError } from '@espalier/core';
import {
  assertInside,
  assertPlainName,
  type ByteSource,
  bytesSource,
  type FileFolder,
  missingFile,
} from './file-folder.js';

/** What is taken whole from a server that sends no ranges: configurations and tokenizers, never weights. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * The files below a URL, read by HTTP range requests: only the tensors that are asked for travel.
 * @param url of the folder
 * @param request `fetch`, or what adds credentials to it
 */
export function httpFolder(url: string | URL, request: typeof fetch = fetch): FileFolder {
  const base = String(url).replace(/\/?$/, '/');
  const ask = async (file: string, range: string): Promise<Response> => {
    try {
      return await request(new URL(encodeURIComponent(file), base), { headers: { Range: `bytes=${range}` } });
    } catch (cause) {
      throw new InvalidDataError(`${base}${file} cannot be reached.`, { cause });
    }
  };
  return {
    name: base.slice(0, -1),
    async has(file) {
      assertPlainName(file, base);
      const response = await ask(file, '0-0');
      await response.body?.cancel();
      return response.ok || response.status === 416; // 416: an empty file has no first byte
    },
    async open(file) {
      assertPlainName(file, base);
      const name = `${base}${file}`;
      const response = await ask(file, '0-0');
      if (response.status === 416) return bytesSource(name, new Uint8Array());
      if (response.status === 404) {
        await response.body?.cancel();
        throw missingFile(base, file);
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new InvalidDataError(`${name} answers with status ${response.status}.`);
      }
      if (response.status !== 206) return bytesSource(name, await wholeBody(name, response));
      await response.body?.cancel();
      const size = Number(/\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1] ?? Number.NaN);
      if (!Number.isSafeInteger(size)) {
        throw new UnsupportedError(`${name} does not say how long it is.`, {
          remedy: 'The server has to expose the header Content-Range.',
        });
      }
      return rangeSource(name, size, (range) => ask(file, range));
    },
  };
}

function rangeSource(name: string, size: number, ask: (range: string) => Promise<Response>): ByteSource {
  return {
    name,
    size,
    async read(offset, length) {
      assertInside(name, size, offset, length);
      if (length === 0) return new Uint8Array();
      const response = await ask(`${offset}-${offset + length - 1}`);
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.status !== 206 || body.length !== length) {
        throw new InvalidDataError(
          `${name} answered with status ${response.status} and ${body.length} bytes where ${length} were asked for.`,
        );
      }
      return body;
    },
    async close() {},
  };
}

async function wholeBody(name: string, response: Response): Promise<Uint8Array> {
  const announced = Number(response.headers.get('Content-Length') ?? 0);
  if (announced > MAX_WHOLE_BYTES) {
    await response.body?.cancel();
    throw new UnsupportedError(
      `The server of ${name} sends no ranges, and the file has ${announced} bytes.`,
      {
        remedy: 'Use a server that answers range requests, or download the file.',
      },
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
