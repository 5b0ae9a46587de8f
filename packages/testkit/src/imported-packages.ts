import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';

/** `import ... from 'x'`, `export ... from 'x'`, `import 'x'` at the start of a line, and `import('x')` anywhere. */
const IMPORTS = [
  /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** Names of the packages that the TypeScript and JavaScript files in `folder` import, types included, with a file for each. */
export async function importedPackages(folder: string): Promise<ReadonlyMap<string, string>> {
  const packages = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.[cm]?[jt]sx?$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    for (const specifier of specifiersOf(await readFile(path, 'utf8'))) {
      const name = packageOf(specifier);
      if (name !== undefined && !packages.has(name)) packages.set(name, path.slice(folder.length + 1));
    }
  }
  return packages;
}

/** What a module imports by literal names. */
export function specifiersOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

/** `@scope/name/part` and `name/part` without the part; undefined for files, `#imports` and modules of Node. */
function packageOf(specifier: string): string | undefined {
  if (/^[./#]/.test(specifier) || isBuiltin(specifier) || specifier.includes(':')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
