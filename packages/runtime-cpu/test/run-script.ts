import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a script ended. */
export interface ScriptEnd {
  readonly status: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Time after which a script counts as hanging. */
const LIMIT_MS = 20_000;

/** Runs an ES module given as text in a process of its own, in this package's folder. */
export function runScript(text: string, env: Readonly<Record<string, string>>): Promise<ScriptEnd> {
  const { ESPALIER_BLAS: _blas, ESPALIER_THREADS: _threads, ...inherited } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...inherited, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, timedOut, stdout, stderr });
    });
  });
}
