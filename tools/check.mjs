#!/usr/bin/env node
// Format, lint, types of sources and tests, module boundaries. Every check runs, also after one that failed.
import { spawnSync } from 'node:child_process';

const checks = {
  'format and lint': ['biome', 'ci', '--error-on-warnings', '--colors=off', '.'],
  'types of sources': ['tsc', '-b'],
  'types of tests and benches': ['tsc', '-b', 'tsconfig.test.json'],
  'module boundaries': [
    'depcruise',
    'packages',
    'apps',
    'tools',
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'err',
  ],
};

const failed = Object.entries(checks).filter(([name, [program, ...args]]) => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (status !== 0) console.log(`${stdout}${stderr}`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
