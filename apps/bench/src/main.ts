#!/usr/bin/env node
import { isEspalierError, messageOf } from '@espalier/core';
import { Command, CommanderError } from 'commander';
import { addClaims } from './commands/claims.js';
import { addCompare } from './commands/compare.js';
import { addDescribe } from './commands/describe.js';
import { addList } from './commands/list.js';
import { addRun } from './commands/run.js';
import { addSolve } from './commands/solve.js';
import { addVerify } from './commands/verify.js';
import { EXIT, UsageError } from './exit-status.js';

const program = new Command('espalier')
  .description('Runs, compares and re-measures every installed Espalier plugin.')
  .option('--debug', 'print the whole error, with its stack and causes')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    `
Plugins are found in node_modules of the working folder and of the folders above it.

Exit status: 0 done; 1 a check did not hold or the work failed; 2 wrong usage; 130 interrupted.`,
  );
for (const add of [addList, addDescribe, addRun, addClaims, addCompare, addVerify, addSolve]) add(program);
for (const command of program.commands) command.exitOverride().showSuggestionAfterError();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done); // the reader of a pipe has seen enough
  throw error;
});

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = exitStatus(thrown);
  if (!(thrown instanceof CommanderError)) {
    const debug = Boolean(program.opts<{ debug?: boolean }>().debug ?? process.env.ESPALIER_DEBUG);
    console.error(debug ? thrown : `espalier: ${messageOf(thrown)}`);
  }
}

function exitStatus(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (thrown instanceof UsageError || isEspalierError(thrown, 'unknown-algorithm')) return EXIT.usage;
  if (isEspalierError(thrown, 'invalid-options')) return EXIT.usage;
  return isEspalierError(thrown, 'aborted') ? EXIT.interrupted : EXIT.failed;
}
