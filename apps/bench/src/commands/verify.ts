import { readFile } from 'node:fs/promises';
import { type GoldenFile, InvalidDataError, messageOf } from '@espalier/core';
import type { GoldenReport } from '@espalier/testkit';
import type { Command } from 'commander';
import { openDataFolder } from '../data-folder.js';
import { EXIT, UsageError } from '../exit-status.js';
import { findPlugin, loadInstalled, usesTensors } from '../installed.js';
import { shortNumber, textTable } from '../text-table.js';
import { withOptions } from './options.js';

interface VerifyOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly runtime: string;
}

/** `espalier verify <plugin> <golden.json...>`: golden files against what is installed. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify <plugin> <golden...>')
    .description(
      'run golden files and compare the outputs with their tolerances; exit status 1 on a mismatch',
    )
    .addHelpText(
      'after',
      `
<plugin> is the name of a package, or the part after plugin-. A golden file is JSON: "paper", "kind", inputs and outputs.

Example:
  espalier verify my-method golden/*.json`,
    )
    .action((name: string, files: readonly string[], options: VerifyOptions) => verify(name, files, options));
  withOptions(command, 'json', 'data', 'runtime');
}

async function verify(name: string, paths: readonly string[], options: VerifyOptions): Promise<void> {
  const { registry } = await loadInstalled();
  const plugin = findPlugin(registry, name);
  const runners = (await plugin.golden?.())?.default;
  if (!runners) throw new UsageError(`${plugin.name} brings no golden runners.`);
  const { data } = await openDataFolder(options.data);
  const files = await Promise.all(paths.map(readGolden));
  if (plugin.algorithms.some(usesTensors)) await registry.activateRuntime(options.runtime);
  const { runGolden } = await import('@espalier/testkit');
  const reports: (GoldenReport & { readonly file: string })[] = [];
  for (const [i, file] of files.entries())
    reports.push({ file: paths[i]!, ...(await runGolden(runners, file, { data })) });
  console.log(options.json ? JSON.stringify(reports, null, 2) : format(reports));
  if (!reports.every(({ ok }) => ok)) process.exitCode = EXIT.failed;
}

async function readGolden(path: string): Promise<GoldenFile> {
  let file: unknown;
  try {
    file = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new InvalidDataError(`The golden file ${path} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  if (typeof (file as GoldenFile | null)?.kind === 'string') return file as GoldenFile;
  throw new InvalidDataError(`${path} is no golden file: it has no "kind".`);
}

function format(reports: readonly (GoldenReport & { readonly file: string })[]): string {
  const rows = reports.flatMap(({ file, outputs, problem }) =>
    problem
      ? [[file, '', '', '', '', `FAILED  ${problem}`]]
      : outputs.map((row, i) => [
          i === 0 ? file : '',
          row.output,
          String(row.count),
          shortNumber(row.error),
          shortNumber(row.allowed),
          row.ok ? 'ok' : `FAILED  ${row.problem ?? ''}`,
        ]),
  );
  const failed = reports.filter(({ ok }) => !ok).length;
  const verdict =
    failed === 0
      ? `All ${reports.length} files agree.`
      : `${failed} of ${reports.length} files do not agree.`;
  return `${textTable(['file', 'output', 'values', 'largest error', 'allowed', ''], rows)}\n\n${verdict}`;
}
