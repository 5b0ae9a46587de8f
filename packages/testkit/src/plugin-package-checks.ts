import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { API_VERSION, messageOf, optionsJsonSchema, type Plugin, pluginOf } from '@espalier/core';
import { assert, type Check } from './check.js';
import { importedPackages } from './imported-packages.js';

/** A part of a plugin that is a module of its own. */
export type PluginPart = 'claims' | 'scenarios' | 'golden';

const PARTS: readonly PluginPart[] = ['claims', 'scenarios', 'golden'];

interface PackageManifest {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly espalier?: { readonly plugin?: string; readonly apiVersion?: number };
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What a README says, and how one sees that it does. */
const README_SECTIONS: readonly (readonly [what: string, sign: RegExp])[] = [
  ['a title', /^# \S/m],
  ['how to install it: npm install', /npm (install|i) /],
  ['an example in a block of ts or js', /^```(ts|js)$/m],
  ['the options', /options/i],
  ['what was measured', /measured/i],
  ['the source: a paper, arXiv number or DOI', /arxiv|doi|paper|source/i],
];

/**
 * The floor plan of a plugin package. The package must be built.
 * @param folder holds package.json
 * @param options.parts which parts the package must have; default claims, scenarios and golden
 */
export function* pluginPackageChecks(
  folder: string,
  { parts = PARTS }: { readonly parts?: readonly PluginPart[] } = {},
): Generator<Check> {
  const readManifest = async () =>
    JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageManifest;

  yield {
    name: 'is found: keyword, espalier field, ES module',
    async run() {
      const { keywords = [], espalier, type, description = '' } = await readManifest();
      assert(keywords.includes('espalier-plugin'), "Its keywords lack 'espalier-plugin'.");
      assert(espalier?.apiVersion === API_VERSION, `espalier.apiVersion is not ${API_VERSION}.`);
      assert(await exists(join(folder, espalier.plugin ?? '')), `espalier.plugin is ${espalier.plugin}.`);
      assert(type === 'module', "Its type is not 'module'.");
      assert(description.trim().length > 0, 'It has no description.');
    },
  };
  yield {
    name: 'exports a plugin of its own name and interface version',
    async run() {
      const { name, espalier } = await readManifest();
      const plugin = await loadPlugin(folder);
      assert(plugin.name === name, `The plugin is called ${plugin.name}, its package ${name}.`);
      assert(plugin.apiVersion === espalier?.apiVersion, `The plugin has version ${plugin.apiVersion}.`);
      const offers = plugin.algorithms.length + (plugin.runtimes?.length ?? 0);
      assert(offers > 0, 'The plugin has neither an algorithm nor a runtime.');
    },
  };
  yield {
    name: 'exports only files that are there',
    async run() {
      const { exports } = await readManifest();
      for (const target of targetsOf(exports)) {
        if (target.includes('*')) continue;
        assert(await exists(join(folder, target)), `package.json names ${target}, which is not there.`);
      }
    },
  };
  yield {
    name: `has its parts in their places: ${['index', ...parts].join(', ')}`,
    async run() {
      const { exports = {} } = await readManifest();
      const plugin = await loadPlugin(folder);
      await assertFile(folder, 'src/index.ts');
      await assertFile(folder, 'test/conformance.test.ts');
      for (const part of PARTS) {
        const there = await exists(join(folder, 'src', `${part}.ts`));
        if (!there && !parts.includes(part)) continue;
        await assertFile(folder, `src/${part}.ts`);
        assert(Object.hasOwn(exports, `./${part}`), `package.json does not export ./${part}.`);
        const load = plugin[part];
        assert(load !== undefined, `The plugin does not name its ${part}.`);
        assert((await load()).default !== undefined, `src/${part}.ts exports nothing by default.`);
      }
      if (parts.includes('golden')) {
        await assertFile(folder, 'test/golden.test.ts');
        const files = await readdir(join(folder, 'test', 'golden')).catch(() => []);
        assert(
          files.some((name) => name.endsWith('.json')),
          'There is no golden file in test/golden.',
        );
      }
    },
  };
  yield {
    name: 'declares the packages that it imports, and no others',
    async run() {
      const { name, dependencies, peerDependencies, optionalDependencies } = await readManifest();
      const declared = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
      const imported = await importedPackages(join(folder, 'src'));
      for (const [used, file] of imported)
        assert(
          used === name || declared.includes(used),
          `src/${file} imports ${used}, which is not declared.`,
        );
      const unused = declared.filter((dependency) => !imported.has(dependency));
      assert(unused.length === 0, `It declares but does not import: ${unused.join(', ')}.`);
      assert(
        !imported.has('@espalier/core') || Object.hasOwn(peerDependencies ?? {}, '@espalier/core'),
        '@espalier/core must be a peer dependency: the application chooses its version.',
      );
    },
  };
  yield {
    name: 'installs without scripts',
    async run() {
      const { scripts = {} } = await readManifest();
      const hooks = Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script));
      assert(hooks.length === 0, `It has the scripts ${hooks.join(', ')}.`);
    },
  };
  yield {
    name: 'has a README with install, example, options, measurements and source',
    async run() {
      await assertFile(folder, 'README.md');
      const readme = await readFile(join(folder, 'README.md'), 'utf8');
      for (const [what, sign] of README_SECTIONS) assert(sign.test(readme), `The README lacks ${what}.`);
    },
  };
  yield {
    name: 'names every algorithm and option in its README',
    async run() {
      const readme = await readFile(join(folder, 'README.md'), 'utf8');
      const { algorithms } = await loadPlugin(folder);
      const wanted = algorithms.flatMap((algorithm) => [
        algorithm.name,
        ...Object.keys(optionsJsonSchema(algorithm.options)?.properties ?? {}),
      ]);
      const missing = [...new Set(wanted)].filter((word) => !readme.includes(word));
      assert(missing.length === 0, `The README does not mention: ${missing.join(', ')}.`);
    },
  };
}

async function loadPlugin(folder: string): Promise<Plugin> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  const path = join(folder, manifest.espalier?.plugin ?? '.');
  try {
    return pluginOf(await import(pathToFileURL(path).href), manifest.name);
  } catch (cause) {
    throw new Error(`The plugin ${path} cannot be loaded: ${messageOf(cause)}`, { cause });
  }
}

async function assertFile(folder: string, path: string): Promise<void> {
  assert(await exists(join(folder, path)), `There is no ${path}.`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Every file that a tree of export conditions names. */
function targetsOf(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports];
  return typeof exports === 'object' && exports !== null ? Object.values(exports).flatMap(targetsOf) : [];
}
