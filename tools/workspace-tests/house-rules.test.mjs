import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { libraries, packages, root } from './workspace.mjs';

const read = (...path) => readFileSync(join(root, ...path), 'utf8');

describe.each(packages)('$manifest.name', ({ folder, manifest }) => {
  it('has what every package has', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(manifest.type).toBe('module');
    expect(manifest.description).toMatch(/\.$/);
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true);
    expect(Object.keys(manifest.scripts ?? {})).not.toContain('postinstall');
  });

  it('takes shared versions from the catalog', () => {
    const catalog = [...read('pnpm-workspace.yaml').matchAll(/^ {2}'?([@\w/-]+)'?: \^/gm)].map(
      ([, name]) => name,
    );
    for (const field of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      for (const [name, range] of Object.entries(manifest[field] ?? {})) {
        if (catalog.includes(name)) expect(`${name}: ${range}`).toBe(`${name}: catalog:`);
        if (name.startsWith('@espalier/')) expect(range).toBe('workspace:^');
      }
    }
  });

  it('has a justification for every dependency', () => {
    const page = read('docs', 'dependencies.md');
    const names = Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
    for (const name of names) {
      if (!name.startsWith('@espalier/'))
        expect(page, `${name} in docs/dependencies.md`).toContain(`\`${name}\``);
    }
  });

  it('is referenced by the root projects, and references what it depends on', () => {
    for (const file of ['tsconfig.json', 'tsconfig.test.json']) {
      expect(JSON.parse(read(file)).references.map(({ path }) => path.replace(/\/test$/, ''))).toContain(
        folder,
      );
    }
    const workspace = (names) =>
      packages
        .filter(({ manifest: { name } }) => Object.hasOwn(names ?? {}, name))
        .map(({ folder: path }) => path);
    const references = JSON.parse(read(folder, 'tsconfig.json')).references.map(({ path }) =>
      join(folder, path),
    );
    expect(references.sort()).toEqual(
      [...new Set([...workspace(manifest.dependencies), ...workspace(manifest.peerDependencies)])].sort(),
    );
  });
});

describe.each(libraries.filter(({ folder }) => folder.startsWith('packages/plugin-')))(
  '$folder',
  ({ folder, manifest }) => {
    it('has the floor plan of a plugin', () => {
      for (const file of [
        'src/index.ts',
        'src/scenarios.ts',
        'src/claims.ts',
        'src/golden.ts',
        'test/conformance.test.ts',
        'test/golden.test.ts',
        'test/properties.test.ts',
        'bench/run.mjs',
      ]) {
        expect(existsSync(join(root, folder, file)), file).toBe(true);
      }
      expect(readdirSync(join(root, folder, 'test', 'golden')).length).toBeGreaterThan(0);
      expect(Object.keys(manifest.exports).sort()).toEqual([
        '.',
        './claims',
        './golden',
        './package.json',
        './scenarios',
      ]);
      expect(manifest.keywords).toContain('espalier-plugin');
      expect(manifest.espalier).toEqual({ plugin: './dist/index.js', apiVersion: 1 });
    });
  },
);

describe('documentation', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(root, 'docs'), { recursive: true })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
    ...packages.map(({ folder }) => join(folder, 'README.md')),
  ];

  it.each(pages)('%s links only to files that exist', (page) => {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(existsSync(join(root, page, '..', target)), target).toBe(true);
    }
  });

  it.each(pages)('%s names only root scripts that exist', (page) => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    for (const [, script] of read(page).matchAll(/npm run -s ([\w:-]+)/g)) expect(scripts).toContain(script);
  });
});

describe('the lock file', () => {
  it('names no registry host', () => {
    expect(read('pnpm-lock.yaml')).not.toMatch(/https?:\/\/[^\s]*registry/);
  });
});
