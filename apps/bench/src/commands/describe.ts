import { type KernelReport, messageOf, type Registry } from '@espalier/core';
import type { Command } from 'commander';
import { loadInstalled, loadScenarios, usesTensors } from '../installed.js';
import { textTable } from '../text-table.js';
import { withOptions } from './options.js';

/** `espalier describe <algorithm>`: everything that a user needs to run it. */
export function addDescribe(program: Command): void {
  const command = program
    .command('describe <algorithm>')
    .description(
      'paper, options with defaults and allowed values, examples, scenarios, and the kernels of the runtime',
    )
    .addHelpText('after', '\n`espalier list` has the names of all algorithms.')
    .action(async (name: string, { json, runtime }: { json?: boolean; runtime: string }) => {
      const { registry } = await loadInstalled();
      const facts = await gather(registry, name, runtime);
      console.log(json ? JSON.stringify(facts, null, 2) : format(facts));
    });
  withOptions(command, 'json', 'runtime');
}

type Facts = Awaited<ReturnType<typeof gather>>;

async function gather(registry: Registry, name: string, runtime: string) {
  const algorithm = registry.find(name);
  const { scenarios } = await loadScenarios(registry);
  return {
    ...registry.describe(name),
    examples: algorithm.examples ?? {},
    scenarios: scenarios
      .filter(({ scenario }) => scenario.takes(algorithm))
      .map(({ scenario }) => scenario.name),
    ...(usesTensors(algorithm) ? await activate(registry, runtime) : { kernels: [] }),
  };
}

/** Which kernels run where; a runtime that is not available is told, not thrown: the rest is worth reading without it. */
async function activate(
  registry: Registry,
  wanted: string,
): Promise<{ readonly runtime: string; readonly kernels: readonly KernelReport[] }> {
  try {
    const { runtime, why } = await registry.activateRuntime(wanted);
    return { runtime: why, kernels: runtime.kernels?.() ?? [] };
  } catch (thrown) {
    return { runtime: messageOf(thrown), kernels: [] };
  }
}

function format(facts: Facts): string {
  const { name, summary, kind, solves, plugin, paper, scenarios, options, examples, kernels } = facts;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['kind', solves ? `${kind}, solves ${solves}` : kind],
    ['plugin', plugin],
    ['paper', paper && citation(paper)],
    ['scenarios', scenarios.join(', ') || undefined],
    ['runtime', 'runtime' in facts ? facts.runtime : undefined],
  ];
  const sections = [
    `${name}: ${summary}`,
    lines
      .filter(([, value]) => value !== undefined)
      .map(([title, value]) => `${title.padEnd(11)}${value}`)
      .join('\n'),
    options.length > 0 &&
      `Options\n${textTable(
        ['name', 'default', 'allowed', 'summary'],
        options.map((option) => [
          option.name,
          JSON.stringify(option.default) ?? '',
          option.allowed,
          option.summary,
        ]),
      )}`,
    Object.keys(examples).length > 0 &&
      `Examples\n${textTable(
        ['name', 'options'],
        Object.entries(examples).map(([example, set]) => [example, JSON.stringify(set)]),
      )}`,
    kernels.length > 0 &&
      `Kernels\n${textTable(
        ['kernel', 'implementation'],
        kernels.map((k) => [k.kernel, k.implementation]),
      )}`,
  ];
  return sections.filter((text) => text !== false).join('\n\n');
}

/** `A Title (A. Author, 2024), arXiv 2401.12253`. */
function citation({ title, authors, year, arxiv, doi }: NonNullable<Facts['paper']>): string {
  const by = authors ? `${authors}, ${year}` : String(year);
  const ids = [arxiv && `arXiv ${arxiv}`, doi && `doi ${doi}`].filter((id) => id);
  return [`${title} (${by})`, ...ids].join(', ');
}
