import { lstat, mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '@espalier/core';
import { UsageError } from '../exit-status.js';
import { isWritten, layersFolder } from './layer-store.js';

/**
 * The full path of the folder to write, which does not exist yet and can be made.
 * @throws UsageError that says what stands in the way, before any work is done
 */
export async function targetFolder(out: string | undefined): Promise<string> {
  if (out === undefined) throw new UsageError('Name the new checkpoint: --out <folder>.');
  if (out.trim() === '') throw new UsageError('--out is empty; name the folder of the new checkpoint.');
  const path = resolve(out);
  if (await exists(path)) {
    await forgetFinished(path);
    throw new UsageError(`${out} exists already. Choose another --out, or delete it.`);
  }
  await requireWritable(path, out);
  return path;
}

/** A run that was killed when its result was in place and its layers were not yet deleted. */
async function forgetFinished(path: string): Promise<void> {
  const layers = layersFolder(path);
  const left = await readdir(layers).catch(() => []);
  if (isWritten(left)) await rm(layers, { recursive: true, force: true });
}

/** Tries it in the nearest folder that is there; what is missing between is made later. */
async function requireWritable(path: string, out: string): Promise<void> {
  let ancestor = dirname(path);
  while (!(await exists(ancestor))) ancestor = dirname(ancestor);
  const isFolder = await stat(ancestor).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new UsageError(`${out} cannot be made: ${ancestor} is no folder. Choose another --out.`);
  try {
    await rmdir(await mkdtemp(join(ancestor, '.espalier-')));
  } catch (cause) {
    throw new UsageError(
      `${out} cannot be made, since nothing can be written to ${ancestor} (${messageOf(cause)}). Choose another --out, or change the permissions.`,
      { cause },
    );
  }
}

/** Whether anything has this name, a link that leads nowhere too. */
const exists = (path: string) =>
  lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
