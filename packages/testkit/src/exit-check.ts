import { spawn } from 'node:child_process';
import { assert, type Check } from './check.js';

/** A program that must end by itself. */
export interface ExitRequest {
  /** An ES module as text, such as `import { cuda } from '@me/runtime'; await cuda.activate();`. */
  readonly program: string;
  /** The folder whose `node_modules` the program's imports are looked up in. */
  readonly folder: string;
  /** Seconds that it gets, start of Node included. Default 30. */
  readonly seconds?: number;
}

/**
 * A process that has used a runtime ends when its work does: no thread, handle or device keeps it alive, and none crashes it.
 * The program runs in a child process.
 */
export function exitCheck({ program, folder, seconds = 30 }: ExitRequest): Check {
  return {
    name: 'lets its process end, with status 0',
    async run() {
      const { status, signal, output, timedOut } = await runProgram(program, folder, seconds * 1000);
      const end = output.trim().slice(-500);
      assert(!timedOut, `The process was still there after ${seconds} s. ${end}`);
      assert(
        status === 0,
        `The process ended with ${signal ? `signal ${signal}` : `status ${status}`}. ${end}`,
      );
    },
  };
}

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly timedOut: boolean;
}

function runProgram(program: string, folder: string, limitMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let timedOut = false;
    const append = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', append);
    child.stderr.on('data', append);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, output, timedOut });
    });
  });
}
