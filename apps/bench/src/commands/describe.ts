import type { Command } from 'commander';
import { loadInstalled, loadScenarios } from '../installed.js';
import { textTable } from '../text-table.js';
import { withOptions } from './options.js';

/** `espalier describe <algorithm>`: everything that a user needs to run it. */
export function addDescribe(program: Command): void {
  const command = program
    .command('describe <algorithm>')
    .description(
      'paper, options with defaults and allowed values, examples, scenarios, and the kernels of the runtime',
    )
    .action(async (name: string, { json, runtime }: { json?: boolean; runtime: string }) => {
      const { registry } = await loadInstalled();
      const description = registry.describe(name);
      const algorithm = registry.find(name);
      const scenarios = (await loadScenarios(registry))
        .filter(({ scenario }) => scenario.takes(algorithm))
        .map(({ scenario }) => scenario.name);
      const usesTensors = algorithm.kind !== 'solver' && algorithm.kind !== 'dynamic-algorithm';
      const choice = usesTensors ? await registry.activateRuntime(runtime) : undefined;
      const kernels = choice?.runtime.kernels?.() ?? [];
      if (json) {
        console.log(
          JSON.stringify({ ...description, examples: algorithm.examples ?? {}, scenarios, kernels }, null, 2),
        );
        return;
      }
      const { paper, options, solves, kind, plugin, summary } = description;
      const facts = [
        `${name}: ${summary}`,
        '',
        `kind       ${kind}${solves ? `, solves ${solves}` : ''}`,
        `plugin     ${plugin}`,
        ...(paper
          ? [
              `paper      ${paper.title} (${[paper.authors, paper.year].filter((x) => x).join(', ')})${paper.arxiv ? `, arXiv ${paper.arxiv}` : ''}`,
            ]
          : []),
        ...(scenarios.length > 0 ? [`scenarios  ${scenarios.join(', ')}`] : []),
        ...(choice ? [`runtime    ${choice.why}`] : []),
      ];
      const sections = [
        facts.join('\n'),
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
        algorithm.examples &&
          `Examples\n${textTable(
            ['name', 'options'],
            Object.entries(algorithm.examples).map(([example, set]) => [example, JSON.stringify(set)]),
          )}`,
        kernels.length > 0 &&
          `Kernels\n${textTable(
            ['kernel', 'implementation'],
            kernels.map((k) => [k.kernel, k.implementation]),
          )}`,
      ];
      console.log(sections.filter((text) => text).join('\n\n'));
    });
  withOptions(command, 'json', 'runtime');
}
