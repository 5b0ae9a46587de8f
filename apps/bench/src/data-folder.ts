import { access, readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type DataFiles, InvalidDataError, noDataFiles, UnsupportedError } from '@espalier/core';

/** The user's data folder: `--data`, else ESPALIER_DATA, else none. @throws UnsupportedError when it is not there */
export async function openDataFolder(
  option: string | undefined,
): Promise<{ data: DataFiles; folder?: string }> {
  const path = option ?? process.env.ESPALIER_DATA;
  if (!path) return { data: noDataFiles };
  const folder = resolve(path);
  await access(folder).catch(() => {
    throw new UnsupportedError(`The data folder ${path} is not there.`, {
      remedy: 'Name another with --data DIR.',
    });
  });
  return { data: dataFolder(folder), folder };
}

/** Files below the folder `root`; a path that leads out of it is refused. */
export function dataFolder(root: string): DataFiles {
  const folder = resolve(root);
  const inside = (path: string): string => {
    const full = join(folder, path);
    const way = relative(folder, full);
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
      throw new InvalidDataError(`The path ${path} leads out of the data folder.`);
    }
    return full;
  };
  return {
    has: async (path) =>
      access(inside(path)).then(
        () => true,
        () => false,
      ),
    read: async (path) =>
      readFile(inside(path)).catch((cause) => {
        throw new InvalidDataError(`The data file ${path} cannot be read from ${folder}.`, { cause });
      }),
    list: async (path) => (await readdir(inside(path)).catch(() => [])).sort(),
  };
}
