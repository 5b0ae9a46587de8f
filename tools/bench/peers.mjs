// Programs that solve the same problems in processes of their own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ONE_THREAD = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** What a program prints on one thread, or undefined where it does not run: then it says why on stderr. */
export async function runPeer(command, args, env = process.env) {
  try {
    const { stdout } = await promisify(execFile)(command, args.map(String), {
      env: { ...env, ...ONE_THREAD },
      maxBuffer: 2 ** 27,
    });
    return stdout;
  } catch (error) {
    const reason = String(error.stderr || error.message).trim();
    console.error(`${command}: no peers (${reason.split('\n').at(-1)})`);
    return undefined;
  }
}

/**
 * The JSON that a Python script prints about a problem, or undefined where this Python lacks what the script imports.
 *
 * @param script its URL; its arguments are the folder of the files, then `args`
 * @param files what the script reads, by file name: typed arrays go as their bytes, all else as JSON
 */
export async function pythonPeer(python, script, files, ...args) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-peer-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = ArrayBuffer.isView(content)
        ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
        : JSON.stringify(content);
      await writeFile(join(folder, name), bytes);
    }
    const text = await runPeer(python, [fileURLToPath(script), folder, ...args]);
    return text && JSON.parse(text);
  } finally {
    await rm(folder, { recursive: true });
  }
}
