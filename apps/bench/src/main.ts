#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isEspalierError, messageOf } from '@espalier/core';
import { Command, CommanderError } from 'commander';
import { addClaims } from './commands/claims.js';
import { addCompare } from './commands/compare.js';
import { addCompress } from './commands/compress.js';
import { addDescribe } from './commands/describe.js';
import { addList } from './commands/list.js';
import { addRun } from './commands/run.js';
import { addSolve } from './commands/solve.js';
import { addVerify } from './commands/verify.js';
import { EXIT, UsageError } from './exit-status.js';

const program = new Command('espalier')
  .description('Runs, compares and re-measures every installed Espalier plugin.')
  .version(ownVersion())
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    `
Plugins are found in node_modules of the working folder and of the folders above it, then beside this program.
A terminal gets live progress on standard error; a pipe gets the result alone, with --json as JSON.

Exit status: 0 done; 1 a check did not hold or the work failed; 2 wrong usage; 130 interrupted.`,
  );
for (const add of [addList, addDescribe, addRun, addClaims, addCompare, addVerify, addSolve, addCompress])
  add(program);
for (const command of program.commands) {
  command.exitOverride().showSuggestionAfterError();
  command.option('--debug', 'print a whole error, with its stack and causes (also: ESPALIER_DEBUG=1)');
}

const OLDEST_NODE = 22;
if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(`espalier: Node ${OLDEST_NODE} or newer is needed; this is ${process.version}.`);
  process.exit(EXIT.failed);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done); // the reader of a pipe has seen enough
  throw error;
});

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = exitStatus(thrown);
  if (!(thrown instanceof CommanderError)) {
    const debug =
      Boolean(process.env.ESPALIER_DEBUG) ||
      program.commands.some((command) => command.opts<{ debug?: boolean }>().debug);
    console.error(debug ? thrown : `espalier: ${messageOf(thrown)}`);
  }
}
// A plugin may have left timers, threads or a device open: what is printed is written out, then this process ends.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));

function ownVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function exitStatus(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (thrown instanceof UsageError || isEspalierError(thrown, 'unknown-algorithm')) return EXIT.usage;
  if (isEspalierError(thrown, 'invalid-options')) return EXIT.usage;
  return isEspalierError(thrown, 'aborted') ? EXIT.interrupted : EXIT.failed;
}
