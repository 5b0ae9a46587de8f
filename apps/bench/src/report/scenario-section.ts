import { formatCount } from './format.js';
import { type Html, html, slug } from './html.js';
import { measurementTable, unfinishedTable } from './measurement-table.js';
import { accuracyTimeFigure } from './plots/accuracy-time.js';
import { convergenceFigure } from './plots/convergence.js';
import { legend } from './plots/legend.js';
import { sweepFigure } from './plots/sweep.js';
import { profileSection } from './profile-section.js';
import { describeAxis } from './score.js';
import { scoreTable } from './score-table.js';
import type { ScenarioResults } from './series.js';
import { sweepsOf } from './sweeps.js';

/** Plots beyond this many instances are folded away: a phone would scroll for minutes. */
const UNFOLDED_FIGURES = 6;

/** Where the section of a scenario is found in the page. */
export function scenarioId(name: string): string {
  return slug('scenario', name);
}

/** One scenario: what it is, the table of scores, the plots, and everything that was measured. */
export function scenarioSection(results: ScenarioResults): Html {
  const { scenario, instances, series, trials } = results;
  const id = scenarioId(scenario.name);
  return html`<section class="scenario" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${scenario.name}</h2>
<p class="lead">${scenario.summary}</p>
<ul class="facts"><li>${scenario.kind}</li><li>score: ${describeAxis(scenario.score)}</li><li>${formatCount(instances.length, 'instance')}</li><li>${formatCount(series.length, 'algorithm')}</li><li>${formatCount(trials.length, 'trial')}</li><li>from ${scenario.plugin}</li></ul>
${trials.length === 0 ? html`<p class="empty">No trial of this scenario was run.</p>` : measured(results)}
</section>`;
}

function measured(results: ScenarioResults): Html {
  const { instances, series } = results;
  const unfinished = unfinishedTable(results);
  const curves = instances.flatMap((instance) => convergenceFigure(results, instance) ?? []);
  const scatters = instances.flatMap((instance) => accuracyTimeFigure(results, instance) ?? []);
  const sweeps = sweepsOf(instances).flatMap((sweep) => sweepFigure(results, sweep) ?? []);
  return html`<h3>Scores</h3>
${scoreTable(results)}
${unfinished && html`<h3>Trials without a score</h3>${unfinished}`}
${
  sweeps.length > 0 &&
  html`<h3>From instance to instance</h3>
<p class="note">Final score of instances that differ in one number alone, median over repetitions.</p>
${legend(series)}
${figureGrid(sweeps, '')}`
}
<h3>Convergence</h3>
<p class="note">Score against time, median over repetitions; the band spans all repetitions. A cross ends a line whose trials did not all finish; the dotted line is the best known score.</p>
${legend(series)}
${figureGrid(curves, 'No trial recorded a curve.')}
<h3>Accuracy against time</h3>
<p class="note">Final score against the time that it took: a dot for each trial, a large marker for the median.</p>
${legend(series)}
${figureGrid(scatters, 'No trial finished.')}
<h3>Profiles over instances</h3>
${series.length > 1 && instances.length > 1 && legend(series)}
${profileSection(results)}
<details><summary>All measurements</summary>
${measurementTable(results)}
</details>`;
}

function figureGrid(figures: readonly Html[], empty: string): Html {
  if (figures.length === 0) return html`<p class="empty">${empty}</p>`;
  const folded = figures.slice(UNFOLDED_FIGURES);
  return html`<div class="figures">${figures.slice(0, UNFOLDED_FIGURES)}</div>${
    folded.length > 0 &&
    html`<details><summary>${formatCount(folded.length, 'further instance')}</summary><div class="figures">${folded}</div></details>`
  }`;
}
