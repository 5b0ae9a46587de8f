import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InvalidDataError, InvalidOptionsError } from '@espalier/core';
import {
  assertInside,
  assertPlainName,
  type ByteSource,
  type FileFolder,
  missingFile,
} from './file-folder.js';
import type { OutputFile, OutputFolder } from './output-folder.js';

/** A folder on disk; its files are read by position, so that nothing is held in memory. */
export function nodeFolder(path: string): FileFolder {
  return {
    name: path,
    async has(file) {
      assertPlainName(file, path);
      return stat(join(path, file)).then(
        (entry) => entry.isFile(),
        () => false,
      );
    },
    async open(file) {
      assertPlainName(file, path);
      return openSource(join(path, file)).catch((cause) => {
        throw missingFile(path, file, cause);
      });
    },
  };
}

/** The folder that a path names, or the folder and the file. @throws InvalidDataError when it names nothing */
export async function locate(
  path: string,
): Promise<{ readonly folder: FileFolder; readonly file: string | undefined }> {
  const entry = await stat(path).catch((cause) => {
    throw new InvalidDataError(`${path} is not there.`, {
      cause,
      remedy: 'Name a folder or a file that exists.',
    });
  });
  if (entry.isDirectory()) return { folder: nodeFolder(path), file: undefined };
  return { folder: nodeFolder(dirname(path)), file: basename(path) };
}

async function openSource(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  return {
    name: path,
    size,
    async read(offset, length) {
      assertInside(path, size, offset, length);
      return readFully(handle, path, offset, length);
    },
    close: () => handle.close(),
  };
}

/** One read returns at most 2 GiB, and may return less than was asked for. */
const MAX_READ_BYTES = 1 << 30;

async function readFully(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(
      bytes,
      done,
      Math.min(length - done, MAX_READ_BYTES),
      offset + done,
    );
    if (bytesRead === 0) throw new InvalidDataError(`${path} became shorter while it was read.`);
    done += bytesRead;
  }
  return bytes;
}

/**
 * A folder on disk that appears under `target` as a whole. It grows beside it: a resumable one as `<target>.partial` with the notes
 * in `<target>.partial.journal`, where the next run finds it; a fresh one under a name of its own.
 * @throws InvalidOptionsError when something other than an empty folder is at `target`
 */
export async function nodeOutput(target: string, mode: 'fresh' | 'resumable'): Promise<OutputFolder> {
  const place = resolve(target);
  await assertFree(place);
  await mkdir(dirname(place), { recursive: true });
  const partial = `${place}.partial${mode === 'fresh' ? `-${crypto.randomUUID()}` : ''}`;
  const journal = `${partial}.journal`;
  const notes = await readNotes(journal);
  // What is there without notes cannot be trusted.
  if (notes.length === 0) await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  return {
    name: place,
    notes,
    async note(line) {
      const handle = await open(journal, 'a');
      try {
        await handle.appendFile(`${line}\n`);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
    open: (file, size) => openOutput(partial, file, size),
    async put(file, bytes) {
      assertPlainName(file, partial);
      await writeFile(join(partial, file), bytes, { flush: true });
    },
    async commit() {
      await rmdir(place).catch(() => {}); // an empty folder, which some systems do not rename over
      await rename(partial, place);
      await rm(journal, { force: true });
      await syncFolder(dirname(place));
    },
    async discard() {
      await rm(partial, { recursive: true, force: true });
      await rm(journal, { force: true });
    },
  };
}

async function assertFree(place: string): Promise<void> {
  const content = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InvalidOptionsError(`${place} cannot be written to.`, { cause: error });
  });
  if (content.length > 0) {
    throw new InvalidOptionsError(`${place} is there already, with ${content.length} entries.`, {
      remedy: 'Name a folder that does not exist, or remove that one.',
    });
  }
}

/** The complete lines; one that a crash cut off is removed. */
async function readNotes(journal: string): Promise<string[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  if (complete !== text) await writeFile(journal, complete);
  return complete.split('\n').slice(0, -1);
}

async function openOutput(folder: string, file: string, size: number): Promise<OutputFile> {
  assertPlainName(file, folder);
  const path = join(folder, file);
  const handle = await open(path, 'r+').catch(() => undefined);
  if (handle) {
    const found = (await handle.stat()).size;
    if (found !== size) {
      await handle.close();
      throw new InvalidDataError(
        `${path}, left by an interrupted run, has ${found} bytes instead of ${size}.`,
        {
          remedy: `Remove ${folder} and start again.`,
        },
      );
    }
  }
  const opened = handle ?? (await createOutput(path, size));
  return {
    async write(offset, bytes) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await opened.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    },
    read: (offset, length) => readFully(opened, path, offset, length),
    sync: () => opened.datasync(),
    close: () => opened.close(),
  };
}

async function createOutput(path: string, size: number): Promise<FileHandle> {
  const handle = await open(path, 'wx+');
  await handle.truncate(size);
  return handle;
}

/** A rename is safe once the folder that holds the name is on disk; not every system can do that. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
