import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pluginPackageChecks } from '../src/node.js';
import { failing, names } from './failing.js';
import { goodManifest, goodPackage, type PackageFiles, writePackage } from './good/plugin-package.js';

let root: string;
let written = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-packages-'));
});
afterAll(() => rm(root, { recursive: true }));

/** The good package with other files: names of the checks that fail. */
async function failingOf(
  files: PackageFiles,
  options?: Parameters<typeof pluginPackageChecks>[1],
): Promise<string[]> {
  const folder = join(root, String(written++));
  await writePackage(folder, { ...goodPackage, ...files });
  return failing(pluginPackageChecks(folder, options));
}
const manifest = (changes: object): PackageFiles => ({
  'package.json': JSON.stringify({ ...goodManifest, ...changes }),
});
const both = (change: (index: string) => string): PackageFiles => ({
  'src/index.ts': change(goodPackage['src/index.ts']!),
  'dist/index.js': change(goodPackage['dist/index.js']!),
});

const FOUND = 'is found: keyword, espalier field, ES module';
const LOADS = 'exports a plugin of its own name and interface version';
const EXPORTS = 'exports only files that are there';
const PARTS = 'has its parts in their places: index, claims, scenarios, golden';
const IMPORTS = 'declares the packages that it imports, and no others';
const SCRIPTS = 'installs without scripts';
const README = 'has a README with install, example, options, measurements and source';
const WORDS = 'names every algorithm and option in its README';

const broken: readonly (readonly [what: string, files: PackageFiles, fails: readonly string[]])[] = [
  ['has no keyword', manifest({ keywords: [] }), [FOUND]],
  [
    'is made for another interface',
    manifest({ espalier: { ...goodManifest.espalier, apiVersion: 2 } }),
    [FOUND, LOADS],
  ],
  ['is no ES module by its manifest', manifest({ type: 'commonjs' }), [FOUND]],
  ['has no description', manifest({ description: '' }), [FOUND]],
  ['names its plugin otherwise', manifest({ name: 'espalier-plugin-thirds' }), [LOADS]],
  [
    'exports nothing by default',
    both((index) => index.replace('export default', 'export const plugin =')),
    [LOADS, PARTS, WORDS],
  ],
  ['brings neither algorithm nor runtime', both((index) => index.replace('[halving]', '[]')), [LOADS]],
  ['exports a file that is not built', { 'dist/index.d.ts': undefined }, [EXPORTS]],
  ['has no claims', { 'src/claims.ts': undefined }, [PARTS]],
  [
    'does not export its claims',
    manifest({ exports: { ...goodManifest.exports, './claims': undefined } }),
    [PARTS],
  ],
  ['does not name its claims in the plugin', both((index) => index.replace(/claims: .*\n/, '')), [PARTS]],
  ['exports no claims by default', { 'dist/claims.js': 'export const claims = [];' }, [PARTS]],
  ['has no conformance test', { 'test/conformance.test.ts': undefined }, [PARTS]],
  ['has no golden file', { 'test/golden/a.json': undefined }, [PARTS]],
  [
    'imports what it does not declare',
    { 'src/part.ts': "import type { X } from '@scope/left-pad/part';" },
    [IMPORTS],
  ],
  [
    'imports lazily what it does not declare',
    { 'src/part.ts': "const pad = () => import('left-pad');" },
    [IMPORTS],
  ],
  [
    'exports from what it does not declare',
    { 'src/part.ts': "export {\n  pad,\n} from 'left-pad';" },
    [IMPORTS],
  ],
  [
    'declares what it does not import',
    manifest({ dependencies: { zod: '^4.0.0', 'left-pad': '1' } }),
    [IMPORTS],
  ],
  [
    'has a core of its own',
    manifest({ dependencies: { ...goodManifest.dependencies, '@espalier/core': '1' }, peerDependencies: {} }),
    [IMPORTS],
  ],
  ['has an install script', manifest({ scripts: { postinstall: 'node-gyp rebuild' } }), [SCRIPTS]],
  ['has no README', { 'README.md': undefined }, [README, WORDS]],
  [
    'has a README without measurements',
    { 'README.md': goodPackage['README.md']!.replace('Measured', 'Guessed') },
    [README],
  ],
  [
    'has an option that the README does not mention',
    { 'README.md': goodPackage['README.md']!.replace('tolerance', 'width') },
    [WORDS],
  ],
];

describe('pluginPackageChecks', () => {
  it('pass for a good package', async () => {
    expect(await failingOf({})).toEqual([]);
  });

  it.each(broken)('catch a package that %s', async (_what, files, fails) => {
    expect(await failingOf(files)).toEqual(fails);
  });

  it('have a broken package for every rule', () => {
    const caught = broken.flatMap(([, , fails]) => fails);
    expect(names(pluginPackageChecks(root)).filter((rule) => !caught.includes(rule))).toEqual([]);
  });

  it('let a small plugin do without the parts that it does not need, but not do one by half', async () => {
    const small = {
      'src/scenarios.ts': undefined,
      'src/claims.ts': undefined,
      'src/golden.ts': undefined,
      'test/golden.test.ts': undefined,
    };
    expect(await failingOf(small, { parts: [] })).toEqual([]);
    const half = { ...small, 'src/claims.ts': 'export default [];', 'dist/claims.js': 'export const x = 1;' };
    expect(await failingOf(half, { parts: [] })).toEqual(['has its parts in their places: index']);
  });
});
