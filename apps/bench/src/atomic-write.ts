import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRunning } from './running.js';

/** Writes a file whole or not at all: to a temporary name, flushed to the disk, then renamed. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.partial-${process.pid}`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** Removes what processes that were killed while they wrote have left in `folder`. */
export async function removePartialFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const writer = /\.partial-(\d+)$/.exec(name)?.[1];
    if (writer && !isRunning(Number(writer))) await rm(join(folder, name), { force: true });
  }
}
