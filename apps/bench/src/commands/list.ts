import type { Command } from 'commander';
import { loadClaims, loadFailures, loadInstalled, loadScenarios } from '../installed.js';
import { packageVersion } from '../package-version.js';
import { textTable } from '../text-table.js';
import { withOptions } from './options.js';

/** `espalier list`: what is installed. */
export function addList(program: Command): void {
  const command = program
    .command('list')
    .description(
      'algorithms, scenarios, runtimes and claims of all installed plugins; and plugins that failed to load',
    )
    .addHelpText(
      'after',
      `
A plugin that fails to load is listed with the reason; the others work, and the exit status stays 0.

Example:
  espalier list --json | jq '.algorithms[].name'`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const inventory = await takeInventory();
      console.log(json ? JSON.stringify(inventory, null, 2) : format(inventory));
    });
  withOptions(command, 'json');
}

type Inventory = Awaited<ReturnType<typeof takeInventory>>;

async function takeInventory() {
  const { registry, folders } = await loadInstalled();
  const { scenarios, failures } = await loadScenarios(registry);
  const plugins = await Promise.all(
    registry.plugins().map(async (plugin) => ({ plugin, ...(await loadClaims(plugin)) })),
  );
  return {
    plugins: await Promise.all(
      plugins.map(async ({ plugin: { name }, claims }) => ({
        name,
        version: await packageVersion(name, folders),
        claims: claims.map(({ name, tier, statement }) => ({ name, tier, statement })),
      })),
    ),
    algorithms: registry
      .list()
      .map(({ algorithm, plugin }) => ({
        name: algorithm.name,
        kind: algorithm.kind,
        plugin: plugin.name,
        summary: algorithm.summary,
      }))
      .sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name)),
    scenarios: scenarios.map(({ scenario, plugin }) => ({
      name: scenario.name,
      kind: scenario.kind,
      plugin: plugin.name,
      summary: scenario.summary,
      data: scenario.data ?? [],
    })),
    dataSets: [
      ...scenarios.flatMap(({ scenario }) => scenario.data ?? []),
      ...plugins.flatMap(({ claims }) => claims.flatMap(({ data = [] }) => data)),
    ].filter(({ path }, at, all) => all.findIndex((other) => other.path === path) === at),
    runtimes: await Promise.all(
      registry.runtimes().map(async (runtime) => ({
        name: runtime.name,
        summary: runtime.summary,
        probe: await runtime.probe(),
      })),
    ),
    failures: [...loadFailures(registry), ...failures, ...plugins.flatMap((entry) => entry.failures)],
  };
}

function format({ plugins, algorithms, scenarios, dataSets, runtimes, failures }: Inventory): string {
  if (plugins.length === 0 && failures.length === 0) {
    return 'No plugin is installed here. They carry the keyword espalier-plugin: npm search keywords:espalier-plugin';
  }
  const sections: string[] = [
    section(
      'Algorithms',
      ['name', 'kind', 'plugin', 'summary'],
      algorithms.map((a) => [a.name, a.kind, a.plugin, a.summary]),
    ),
    section(
      'Scenarios',
      ['name', 'kind', 'plugin', 'summary'],
      scenarios.map((s) => [s.name, s.kind, s.plugin, s.summary]),
    ),
    section(
      'Runtimes',
      ['name', 'available', 'summary'],
      runtimes.map(({ name, probe, summary }) => [
        name,
        probe.available ? 'yes' : 'no',
        probe.available ? `${summary} ${facts(probe.device)}`.trim() : `${probe.reason} ${probe.remedy}`,
      ]),
    ),
    section(
      'Plugins',
      ['name', 'version', 'claims'],
      plugins.map((p) => [p.name, p.version, String(p.claims.length)]),
    ),
    section(
      'Data sets (pass the folder with --data)',
      ['path', 'summary', 'origin'],
      dataSets.map((d) => [d.path, d.summary, d.origin]),
    ),
    section(
      'Failed to load',
      ['plugin', 'reason'],
      failures.map((f) => [f.plugin, f.reason]),
    ),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function section(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${textTable(header, rows)}`;
}

/** `threads 2, simd yes`. */
function facts(device: Readonly<Record<string, string | number | boolean>>): string {
  const parts = Object.entries(device).map(
    ([name, value]) => `${name} ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`,
  );
  return parts.length > 0 ? `(${parts.join(', ')})` : '';
}
