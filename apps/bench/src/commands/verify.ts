import { readFile } from 'node:fs/promises';
import { type GoldenFile, InvalidDataError, messageOf, type Plugin, type Registry } from '@espalier/core';
import { type GoldenReport, runGolden } from '@espalier/testkit';
import type { Command } from 'commander';
import { openDataFolder } from '../data-folder.js';
import { EXIT, UsageError } from '../exit-status.js';
import { loadInstalled } from '../installed.js';
import { shortNumber, textTable } from '../text-table.js';
import { withOptions } from './options.js';

/** `espalier verify <plugin> <golden.json...>`: golden files against what is installed. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify <plugin> <golden...>')
    .description(
      'run golden files and compare the outputs with their tolerances; exit status 1 on a mismatch',
    )
    .action(async (name: string, files: readonly string[], options: { json?: boolean; data?: string }) => {
      const { registry } = await loadInstalled();
      const plugin = findPlugin(registry, name);
      const runners = (await plugin.golden?.())?.default;
      if (!runners) throw new UsageError(`${plugin.name} brings no golden runners.`);
      const { data } = await openDataFolder(options.data);
      const reports: (GoldenReport & { readonly file: string })[] = [];
      for (const file of files)
        reports.push({ file, ...(await runGolden(runners, await readGolden(file), { data })) });
      console.log(options.json ? JSON.stringify(reports, null, 2) : format(reports));
      if (!reports.every(({ ok }) => ok)) process.exitCode = EXIT.failed;
    });
  withOptions(command, 'json', 'data');
}

/** A plugin by its package name, or by the part after `plugin-`. */
export function findPlugin(registry: Registry, name: string): Plugin {
  const plugins = registry.plugins();
  const plugin =
    plugins.find((candidate) => candidate.name === name) ??
    plugins.find(
      (candidate) =>
        candidate.name.endsWith(`/plugin-${name}`) || candidate.name === `espalier-plugin-${name}`,
    );
  if (plugin) return plugin;
  const failure = registry
    .failures()
    .find((entry) => entry.plugin === name || entry.plugin.endsWith(`plugin-${name}`));
  if (failure) throw failure.error;
  throw new UsageError(
    `There is no plugin '${name}'. Installed: ${plugins.map((p) => p.name).join(', ') || 'none'}.`,
  );
}

async function readGolden(path: string): Promise<GoldenFile> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as GoldenFile;
  } catch (cause) {
    throw new InvalidDataError(`The golden file ${path} cannot be read: ${messageOf(cause)}.`, { cause });
  }
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
