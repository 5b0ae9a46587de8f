import type { ResultsFile } from '../results/results-file.js';
import { algorithmsSection, pluginFailuresSection } from './algorithms-section.js';
import { claimsSection } from './claims-section.js';
import { formatInstant } from './format.js';
import { html } from './html.js';
import { page } from './page.js';
import { scenarioId, scenarioSection } from './scenario-section.js';
import { groupByScenario } from './series.js';
import { provenance, summarySection } from './summary-section.js';

/**
 * The results as one self-contained HTML document: summary, the papers' claims with their verdicts, and for each
 * scenario tables, convergence curves, score against time and profiles over instances. It opens from disk, makes no
 * request, needs no script, follows the reader's light or dark setting and fits a phone.
 *
 * Everything in `results` that comes from outside (names, summaries, reasons, options) is escaped. Equal results give
 * equal documents.
 *
 * @throws InvalidDataError when a trial belongs to a scenario that the results do not describe
 */
export function writeReport(results: ResultsFile): string {
  const scenarios = groupByScenario(results);
  const failures = pluginFailuresSection(results);
  const kind = results.trials.length === 0 && results.claims.length > 0 ? 'claims' : 'benchmark';
  return page({
    title: `Espalier ${kind}, ${results.suite} suite`,
    links: [
      { id: 'summary', text: 'Summary' },
      { id: 'claims', text: 'Claims' },
      ...scenarios.map(({ scenario }) => ({ id: scenarioId(scenario.name), text: scenario.name })),
      { id: 'algorithms', text: 'Algorithms' },
    ],
    header: provenance(results),
    sections: [
      summarySection(results, scenarios),
      claimsSection(results),
      ...scenarios.map(scenarioSection),
      algorithmsSection(results),
      ...(failures ? [failures] : []),
    ],
    footer: html`Written by Espalier from the results of ${formatInstant(results.createdAt)}. Times are those of the machine above and of nothing else that ran on it.`,
  });
}
