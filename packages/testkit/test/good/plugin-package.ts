import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Files of a package by path; undefined leaves a file out. */
export type PackageFiles = Readonly<Record<string, string | undefined>>;

export const goodManifest = {
  name: 'espalier-plugin-halving',
  version: '1.0.0',
  description: 'Halving.',
  type: 'module',
  keywords: ['espalier-plugin'],
  espalier: { plugin: './dist/index.js', apiVersion: 1 },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './claims': './dist/claims.js',
    './scenarios': './dist/scenarios.js',
    './golden': './dist/golden.js',
    './package.json': './package.json',
  },
  scripts: { build: 'tsc', test: 'vitest run' },
  dependencies: { zod: '^4.0.0' },
  peerDependencies: { '@espalier/core': '^1.0.0' },
};

const index = `import { definePlugin, defineProblemFamily, defineSolver } from '@espalier/core';
import { z } from 'zod';
const family = defineProblemFamily({ name: 'roots', summary: 'Roots.', formats: [], solutionToJson: (x) => x });
export const halving = defineSolver({
  name: 'halving',
  summary: 'Halves an interval.',
  solves: family,
  options: z.strictObject({ tolerance: z.number().default(1e-9).describe('Width at the end.') }),
  create: () => ({ solve: async (x) => x }),
});
export default definePlugin({
  name: 'espalier-plugin-halving',
  algorithms: [halving],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
`;

const readme = `# espalier-plugin-halving

    npm install espalier-plugin-halving

\`\`\`ts
halving.create();
\`\`\`

The options of \`halving\`: \`tolerance\`. Measured: 30 steps. Paper: none, it is older than papers.
`;

/** A built package that keeps every rule. */
export const goodPackage: PackageFiles = {
  'package.json': JSON.stringify(goodManifest),
  'README.md': readme,
  'src/index.ts': index,
  'src/claims.ts': 'export default [];',
  'src/scenarios.ts': 'export default [];',
  'src/golden.ts': "// import('left-pad') stands in a comment only\nexport default {};",
  'dist/index.js': index,
  'dist/index.d.ts': '',
  'dist/claims.js': 'export default [];',
  'dist/scenarios.js': 'export default [];',
  'dist/golden.js': 'export default {};',
  'test/conformance.test.ts': '',
  'test/golden.test.ts': '',
  'test/golden/a.json': '{}',
};

/** Writes the package into a folder that does not exist yet; its dependencies are those of this package. */
export async function writePackage(folder: string, files: PackageFiles): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await symlink(join(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'));
}
