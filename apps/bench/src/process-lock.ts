import { open, readFile, rm } from 'node:fs/promises';
import { UsageError } from './exit-status.js';
import { isRunning } from './running.js';

/**
 * Takes the lock file `path` for this process; one that a process left which is gone is taken over.
 * @param what the lock is for, for the message
 * @returns what gives it back
 * @throws UsageError while another process holds it
 */
export async function lockFile(path: string, what: string): Promise<() => Promise<void>> {
  const take = () => open(path, 'wx').catch((error: NodeJS.ErrnoException) => notTaken(error));
  let handle = await take();
  if (!handle) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && holder !== process.pid && isRunning(holder))
      throw new UsageError(
        `Process ${holder} is working on ${what}. Wait until it is done; if that is another program, delete ${path}.`,
      );
    await rm(path, { force: true });
    handle = await take();
  }
  if (!handle) throw new UsageError(`Another process has just begun with ${what}.`);
  await handle.writeFile(String(process.pid));
  await handle.close();
  return () => rm(path, { force: true });
}

function notTaken(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EEXIST') throw error;
  return undefined;
}
