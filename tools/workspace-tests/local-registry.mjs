import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packages, root } from './workspace.mjs';

/**
 * A package registry on 127.0.0.1 that holds every package of this workspace, packed as for a release, and passes on
 * requests for all others to the registry that npm is set up with.
 * @returns its address, the settings (`.npmrc`) of projects that use it, and `stop()`
 */
export async function startLocalRegistry() {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-registry-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const upstream = output('npm', ['config', 'get', 'registry'], root).trim();
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, 'storage'),
      uplinks: { upstream: { url: upstream, cache: true } },
      packages: Object.fromEntries([
        ...packages.map(({ manifest: { name } }) => [name, { access: '$all', publish: '$anonymous' }]),
        ['**', { access: '$all', proxy: 'upstream' }],
      ]),
      log: { type: 'file', path: join(folder, 'verdaccio.log'), level: 'warn' },
      max_body_size: '200mb',
    }),
  );
  const require = createRequire(join(root, 'package.json'));
  const verdaccio = join(dirname(require.resolve('verdaccio/package.json')), 'bin', 'verdaccio');
  const server = spawn(process.execPath, [verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  const npmrc = `registry=${url}\n//127.0.0.1:${port}/:_authToken=anonymous\nfund=false\naudit=false\nupdate-notifier=false\n`;
  writeFileSync(join(folder, '.npmrc'), npmrc);
  const stop = () => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReachable(`${url}-/ping`);
    publishAll(folder);
  } catch (error) {
    stop();
    throw error;
  }
  return { url, settings: npmrc, stop };
}

/** Packs with pnpm, which fills in workspace versions, and publishes with plain npm. */
function publishAll(folder) {
  for (const { folder: path, manifest } of packages) {
    if (manifest.private) continue;
    output('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', folder], join(root, path));
    const tarball = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    output(
      'npm',
      ['publish', join(folder, tarball), '--userconfig', join(folder, '.npmrc'), '--provenance=false'],
      folder,
    );
  }
}

/** Runs a program; its output. @throws Error with the output when it fails */
export function output(program, args, cwd, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  if (error || status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} in ${cwd} ended with ${status ?? error}:\n${stdout}\n${stderr}`,
    );
  }
  return stdout;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function untilReachable(url) {
  for (let attempt = 0; attempt < 150; attempt++) {
    const reached = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The local registry at ${url} did not start within 30 s.`);
}
