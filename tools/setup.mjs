#!/usr/bin/env node
// The one entry of all root scripts: installs and builds what is missing, then runs the command.
// Needs nothing but Node >= 20 and npm: pnpm comes through npx, Node 24 as a package.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, 'node_modules', '.cache', 'espalier');
const programs = join(root, '.cache', 'bin');
const [command = 'build', ...args] = process.argv.slice(2);

const commands = {
  build: () => {},
  start: () => espalier(['run', '--quick', '--claims', ...args]),
  test: () => {
    run('nx', ['run-many', '-t', 'test', '--parallel=1', '--output-style=stream', ...args], {
      env: publicData(),
    });
    if (args.length === 0) run('vitest', ['run', '--root', join(root, 'tools', 'workspace-tests')]);
  },
  check: () => run('node', [join(root, 'tools', 'check.mjs'), ...args]),
  bench: () => bench(...args),
  espalier: () => espalier(args),
};

if (!Object.hasOwn(commands, command)) {
  console.error(`There is no command '${command}'. Commands: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
install();
build();
commands[command]();

/** Installs when the lock file or a manifest differs from what the last installation saw. */
function install() {
  const manifests = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];
  for (const folder of packageFolders()) manifests.push(join(folder, 'package.json'));
  const stamp = hash(manifests.map((file) => readFileSync(join(root, file), 'utf8')));
  if (readStamp('install') === stamp) return;
  announce('Installing dependencies');
  const frozen = process.env.ESPALIER_UNFROZEN ? '--no-frozen-lockfile' : '--frozen-lockfile';
  run('npx', ['-y', 'pnpm@12', 'install', frozen, '--reporter=append-only'], { quiet: true });
  linkPrograms();
  writeStamp('install', stamp);
}

/** nx takes node_modules/.bin out of PATH before it runs a script: Node 24 and pnpm stand in a folder of their own too. */
function linkPrograms() {
  if (process.platform === 'win32') return; // needs rights for links; nx leaves PATH alone there
  mkdirSync(programs, { recursive: true });
  for (const name of ['node', 'pnpm']) {
    rmSync(join(programs, name), { force: true });
    symlinkSync(join(root, 'node_modules', '.bin', name), join(programs, name));
  }
}

/** Builds when a source file is newer, gone or of another size; nx then rebuilds only the packages concerned. */
function build() {
  const files = packageFolders().flatMap((folder) => [
    ...['src', 'assembly']
      .map((part) => join(folder, part))
      .filter((path) => existsSync(join(root, path)))
      .flatMap(listFiles),
    ...readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(json|mjs)$/.test(entry.name))
      .map((entry) => join(folder, entry.name)),
  ]);
  const stamp = hash(
    ['tsconfig.base.json', 'nx.json', join('tools', 'compile-assembly.mjs'), ...files].map((file) => {
      const { mtimeMs, size } = statSync(join(root, file));
      return `${file} ${mtimeMs} ${size}`;
    }),
  );
  const built = packageFolders().every((folder) => existsSync(join(root, folder, 'dist')));
  if (built && readStamp('build') === stamp) return;
  announce('Building');
  run('nx', ['run-many', '-t', 'build', '--output-style=static'], { quiet: true });
  writeStamp('build', stamp);
}

/** One package's benchmark against its peers, or without a package all scenarios and claims in full. */
function bench(folder, ...benchArgs) {
  if (!folder?.startsWith('packages/')) return espalier(['run', '--full', '--claims', ...args]);
  run('node', [join(root, folder, 'bench', 'run.mjs'), ...benchArgs]);
}

/** Runs the command line `espalier`. */
function espalier(cliArgs) {
  run('node', [join(root, 'apps', 'bench', 'dist', 'main.js'), ...cliArgs], { env: publicData() });
}

/** Public data is taken from `shared/data` beside the clone where that exists, unless the environment names another folder. */
function publicData() {
  const sharedData = join(dirname(root), 'shared', 'data');
  const data = process.env.ESPALIER_DATA ?? (existsSync(sharedData) ? sharedData : undefined);
  return data ? { ESPALIER_DATA: data } : {};
}

/** Runs a program with the workspace's binaries (Node 24 among them) first in PATH; ends this process when it fails. */
function run(program, programArgs, { quiet = false, env = {} } = {}) {
  const path = [join(root, 'node_modules', '.bin'), programs, process.env.PATH].join(delimiter);
  // A Ctrl-C reaches the whole process group: this process waits for the child's own orderly end.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const { status, signal, error, stdout, stderr } = spawnSync(program, programArgs, {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env, PATH: path },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
    maxBuffer: 2 ** 28,
  });
  process.off('SIGINT', ignore);
  if (error) {
    console.error(`${program} could not be started: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) {
    if (quiet) process.stderr.write(Buffer.concat([stdout, stderr]));
    process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
  }
}

function packageFolders() {
  return ['packages', 'apps', 'tools'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(group, name))
      .filter((folder) => existsSync(join(root, folder, 'package.json'))),
  );
}

function listFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.split(/[\\/]/).includes('generated'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

function hash(parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\0');
  return digest.digest('hex');
}

function readStamp(name) {
  const file = join(stamps, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function writeStamp(name, stamp) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), stamp);
}

/** Progress goes to stderr: the output of the command itself stays clean. */
function announce(what) {
  console.error(`${what} ...`);
}
