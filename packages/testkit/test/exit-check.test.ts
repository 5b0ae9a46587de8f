import { expect, it } from 'vitest';
import { exitCheck } from '../src/node.js';

const check = (program: string, seconds?: number) =>
  exitCheck({ program, folder: import.meta.dirname, ...(seconds !== undefined && { seconds }) }).run();

it('passes for a program that ends, and finds the packages of the folder', async () => {
  await check("import { createRandom } from '@espalier/core'; createRandom(1).uniform();");
});

it.each([
  ['throws', "throw new Error('device lost')", /status 1.*device lost/s],
  ['exits with a status', 'process.exit(3)', /status 3/],
  ['crashes', "process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 1e4);", /signal SIGSEGV/],
])('catches a program that %s', async (_what, program, message) => {
  await expect(check(program)).rejects.toThrow(message);
});

it('catches a program that something keeps alive, and ends it', async () => {
  await expect(check("console.log('still here'); setInterval(() => {}, 1000);", 2)).rejects.toThrow(
    /still there after 2 s.*still here/s,
  );
});
