import type { ResultsFile } from '../results/results-file.js';
import { verdictTiles } from './claims-section.js';
import { formatBytes, formatCount, formatInstant } from './format.js';
import { type Html, type HtmlPart, html } from './html.js';
import { scenarioId } from './scenario-section.js';
import { describeAxis, isBetter } from './score.js';
import { bestMedian, seriesName } from './score-table.js';
import type { ScenarioResults, Series } from './series.js';
import { spread } from './statistics.js';
import { statusBadge, TRIAL_STATUSES } from './status.js';
import { table } from './table.js';

/** When, where and with what the results were measured. */
export function provenance({ createdAt, suite, seed, runtime, machine, versions }: ResultsFile): Html {
  const facts: readonly (readonly [string, HtmlPart])[] = [
    ['measured', formatInstant(createdAt)],
    ['suite', suite],
    ['base seed', seed],
    ['runtime', html`${runtime.name}<small>${runtime.why}</small>`],
    [
      'machine',
      html`${machine.cpu}<small>${formatCount(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}, ${machine.platform}, Node ${machine.node}</small>`,
    ],
  ];
  return html`<dl class="provenance">${facts.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>
<details><summary>${formatCount(Object.keys(versions).length, 'package version')}</summary><dl class="numbers">${Object.entries(
    versions,
  ).map(([name, version]) => html`<div><dt>${name}</dt><dd>${version}</dd></div>`)}</dl></details>`;
}

/** How much was run and how it ended, and the scenarios with whoever was best most often. */
export function summarySection(results: ResultsFile, scenarios: readonly ScenarioResults[]): Html {
  const { trials, claims, complete, pluginFailures } = results;
  const counts = TRIAL_STATUSES.map((status) => ({
    status,
    count: trials.filter((trial) => trial.status === status).length,
  })).filter(({ count }) => count > 0);
  return html`<section id="summary" aria-labelledby="summary-title">
<h2 id="summary-title">Summary</h2>
${!complete && html`<p class="banner warn"><b>Incomplete.</b> The run was interrupted: what is here was measured, more was planned.</p>`}
${pluginFailures.length > 0 && html`<p class="banner bad"><b>${formatCount(pluginFailures.length, 'plugin')} could not be loaded</b> and ${pluginFailures.length === 1 ? 'is' : 'are'} missing from these results: <a href="#failed-plugins">which, and why</a>.</p>`}
<h3>${formatCount(trials.length, 'trial')}</h3>
${trials.length === 0 ? html`<p class="empty">No trial was run. <code>espalier run</code> runs them.</p>` : html`<p class="badges">${counts.map(({ status, count }) => statusBadge(status, count))}</p>`}
<h3>${formatCount(claims.length, 'claim')}</h3>
${claims.length === 0 ? html`<p class="empty">No claim was measured.</p>` : verdictTiles(claims)}
${scenarios.length > 0 && scenarioIndex(scenarios)}
</section>`;
}

function scenarioIndex(scenarios: readonly ScenarioResults[]): Html {
  return html`<h3>${formatCount(scenarios.length, 'scenario')}</h3>
${table({
  caption: 'Scenarios and the algorithms with the best median score most often',
  className: 'dense',
  columns: [
    { heading: 'scenario' },
    { heading: 'score' },
    { heading: 'instances', numeric: true },
    { heading: 'algorithms', numeric: true },
    { heading: 'trials', numeric: true },
    { heading: 'best most often' },
  ],
  rows: scenarios.map((results) => [
    {
      content: html`<a href="#${scenarioId(results.scenario.name)}">${results.scenario.name}</a>`,
      sort: results.scenario.name,
    },
    { content: describeAxis(results.scenario.score) },
    { content: results.instances.length, numeric: true },
    { content: results.series.length, numeric: true },
    { content: results.trials.length, numeric: true },
    { content: leadersInWords(results) },
  ]),
})}`;
}

function leadersInWords(results: ScenarioResults): HtmlPart {
  const wins = new Map<Series, number>();
  for (const instance of results.instances) {
    const best = bestMedian(results, instance);
    if (best === undefined) continue;
    for (const { series, trials, finished, scores } of results.cellsOf(instance)) {
      const reached = finished.length === trials.length ? spread(scores)?.median : undefined;
      if (reached !== undefined && !isBetter(results.scenario.score, best, reached)) {
        wins.set(series, (wins.get(series) ?? 0) + 1);
      }
    }
  }
  const most = Math.max(0, ...wins.values());
  if (most === 0) return html`<span class="absent">none</span>`;
  return [...wins]
    .filter(([, count]) => count === most)
    .map(
      ([series]) =>
        html`<div>${seriesName(series)} <span class="muted">${most} of ${results.instances.length}</span></div>`,
    );
}
