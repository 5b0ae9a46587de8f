import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../.dependency-cruiser.mjs';
import { root } from './workspace.mjs';

const { forbidden, options } = config;

/** The names of the rules that the tree below `baseDir` breaks. */
async function violations(baseDir) {
  const { output } = await cruise(['packages', 'apps'], {
    ...options,
    ruleSet: { forbidden, options },
    validate: true,
    baseDir,
  });
  return output.summary.violations.map(({ rule }) => rule.name);
}

describe('module boundaries', () => {
  let tree;
  const write = async (path, text) => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  };
  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), 'espalier-boundaries-'));
    await cp(join(root, 'tsconfig.base.json'), join(tree, 'tsconfig.base.json'));
    for (const name of [
      'packages/core',
      'packages/plugin-a',
      'packages/plugin-b',
      'packages/runtime-x',
      'apps/bench',
    ]) {
      await write(`${name}/src/index.ts`, 'export const x = 1;\n');
      await write(`${name}/package.json`, '{}');
    }
    await write('tools/shared.mjs', 'export const x = 1;\n');
  });
  afterAll(() => rm(tree, { recursive: true }));

  it.each([
    ['packages/core/src/up.ts', '../../plugin-a/src/index.js', 'core-imports-nothing'],
    ['packages/plugin-a/src/side.ts', '../../plugin-b/src/index.js', 'no-plugin-imports-another'],
    ['packages/plugin-a/src/runtime.ts', '../../runtime-x/src/index.js', 'plugins-import-libraries'],
    ['packages/runtime-x/src/plugin.ts', '../../plugin-a/src/index.js', 'runtimes-import-core-and-kernels'],
    ['packages/plugin-a/src/tool.ts', '../../../tools/shared.mjs', 'plugins-import-libraries'],
    ['packages/runtime-x/src/tool.ts', '../../../tools/shared.mjs', 'runtimes-import-core-and-kernels'],
    ['apps/bench/src/plugin.ts', '../../../packages/plugin-a/src/index.js', 'apps-name-no-plugin'],
  ])('%s may not import %s', async (file, imported, rule) => {
    await write(file, `import type { x } from '${imported}';\nexport type X = typeof x;\n`);
    const broken = await violations(tree);
    await rm(join(tree, file));
    expect(broken).toContain(rule);
  });

  it('allows a plugin to import core', async () => {
    await write('packages/plugin-a/src/core.ts', "export { x } from '../../core/src/index.js';\n");
    expect(await violations(tree)).toEqual([]);
  });

  it.each(['packages/plugin-a/build-wasm.mjs', 'packages/plugin-a/bench/run.mjs'])(
    'allows %s, which is not published, to import what such scripts share',
    async (file) => {
      const up = file.includes('/bench/') ? '../../..' : '../..';
      await write(file, `export { x } from '${up}/tools/shared.mjs';\n`);
      expect(await violations(tree)).toEqual([]);
    },
  );
});
