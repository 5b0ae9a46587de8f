import type { Command } from 'commander';
import { EXIT } from '../exit-status.js';
import { positive, withOptions } from './options.js';

/** `espalier compare <before> <after>`: what changed between two results files. */
export function addCompare(program: Command): void {
  const command = program
    .command('compare <before> <after>')
    .description(
      'changes of score, time and memory with bootstrap intervals; exit status 1 when something got worse',
    )
    .option('--threshold <share>', 'relative change that counts', positive, 0.05)
    .action(async (before: string, after: string, options: { json?: boolean; threshold: number }) => {
      const [{ compareResults, countRegressions, formatComparison }, { readResults }] = await Promise.all([
        import('../compare/compare.js'),
        import('../report/validate-results.js'),
      ]);
      const comparison = compareResults(await readResults(before), await readResults(after), {
        threshold: options.threshold,
      });
      console.log(options.json ? JSON.stringify(comparison, null, 2) : formatComparison(comparison));
      if (countRegressions(comparison) > 0) process.exitCode = EXIT.failed;
    });
  withOptions(command, 'json');
}
