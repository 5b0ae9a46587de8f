import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The data service of scenarios and claims over a folder; an empty name has no files. */
export function dataFolder(folder) {
  const has = (path) =>
    access(join(folder, path)).then(
      () => folder !== '',
      () => false,
    );
  return { has, read: (path) => readFile(join(folder, path)), list: async () => [] };
}
