import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of this repository. */
export const root = join(import.meta.dirname, '..', '..');

/** All packages of the workspace: `{ folder, manifest }`, folders relative to the root. */
export const packages = ['packages', 'apps', 'tools'].flatMap((group) =>
  readdirSync(join(root, group))
    .map((name) => join(group, name))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')),
    })),
);

/** The packages that are libraries: everything but programs. */
export const libraries = packages.filter(({ folder }) => folder.startsWith('packages'));
