// The arrows of the architecture: core <- kernels, linalg <- models <- plugins <- apps; runtimes know no plugin.
const library = (name) => `^packages/${name}/`;
const plugins = '^packages/plugin-';
const runtimes = '^packages/runtime-';

/** Tests, benches and build scripts stand outside the layers: none of them is published. */
const unpublished = '/(test|bench)/|/build-wasm\\.mjs$';

/** Code of `from` may use no workspace package but its own and `allowed`. */
const layer = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: unpublished },
  to: { path: '^(packages|apps|tools)/', pathNot: [from, ...allowed.map(library)] },
});

export default {
  forbidden: [
    layer('core-imports-nothing', library('core'), []),
    layer('kernels-import-core', library('kernels'), ['core']),
    layer('linalg-imports-core', library('linalg'), ['core']),
    layer('testkit-imports-core-and-kernels', library('testkit'), ['core', 'kernels']),
    layer('models-import-kernels-and-linalg', library('models'), ['core', 'kernels', 'linalg']),
    layer('runtimes-import-core-and-kernels', runtimes, ['core', 'kernels']),
    {
      ...layer('plugins-import-libraries', '', []),
      from: { path: '^packages/(plugin-[^/]+)/', pathNot: unpublished },
      to: {
        path: '^(packages|apps|tools)/',
        pathNot: ['^packages/$1/', ...['core', 'kernels', 'linalg', 'models'].map(library)],
      },
    },
    {
      name: 'apps-name-no-plugin',
      comment: 'Plugins are discovered: nothing in an app changes when one is added.',
      severity: 'error',
      from: { path: '^(apps|tools)/' },
      to: { path: plugins },
    },
    {
      name: 'no-plugin-imports-another',
      severity: 'error',
      from: { path: '^packages/(plugin-[^/]+)/' },
      to: { path: plugins, pathNot: '^packages/$1/' },
    },
    {
      name: 'core-has-tfjs-types-only',
      severity: 'error',
      from: { path: library('core'), pathNot: '/test/' },
      to: { path: '@tensorflow', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'declared-is-imported',
      comment: 'A package that is imported stands in package.json.',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-dependency-in-sources',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
      },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['/generated/', '/test/fixtures/', '/templates?/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
