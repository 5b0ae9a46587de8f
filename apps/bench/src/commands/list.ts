import type { Command } from 'commander';
import { loadClaims, loadInstalled, loadScenarios, packageVersion } from '../installed.js';
import { textTable } from '../text-table.js';
import { withOptions } from './options.js';

/** `espalier list`: what is installed. */
export function addList(program: Command): void {
  const command = program
    .command('list')
    .description(
      'algorithms, scenarios, runtimes and claims of all installed plugins; and plugins that failed to load',
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
  const scenarios = await loadScenarios(registry);
  return {
    plugins: await Promise.all(
      registry.plugins().map(async (plugin) => ({
        name: plugin.name,
        version: await packageVersion(plugin.name, folders),
        claims: (await loadClaims(plugin)).map(({ name, tier, statement }) => ({ name, tier, statement })),
      })),
    ),
    algorithms: registry.list().map(({ algorithm, plugin }) => ({
      name: algorithm.name,
      kind: algorithm.kind,
      plugin: plugin.name,
      summary: algorithm.summary,
    })),
    scenarios: scenarios.map(({ scenario, plugin }) => ({
      name: scenario.name,
      kind: scenario.kind,
      plugin: plugin.name,
      summary: scenario.summary,
      data: scenario.data ?? [],
    })),
    runtimes: await Promise.all(
      registry.runtimes().map(async (runtime) => ({
        name: runtime.name,
        summary: runtime.summary,
        probe: await runtime.probe(),
      })),
    ),
    failures: registry.failures().map(({ plugin, error }) => ({ plugin, reason: error.message })),
  };
}

function format({ plugins, algorithms, scenarios, runtimes, failures }: Inventory): string {
  if (plugins.length === 0 && failures.length === 0) {
    return 'No plugin is installed here. Install one, for example: npm install @espalier/plugin-sns';
  }
  const dataSets = scenarios.flatMap(({ data }) => data);
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
        probe.available ? summary : `${probe.reason} ${probe.remedy}`,
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
