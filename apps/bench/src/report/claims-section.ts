import type { AlgorithmDescription, Paper, Verdict } from '@espalier/core';
import type { ClaimRecord, ResultsFile } from '../results/results-file.js';
import { formatNumber, formatTime } from './format.js';
import { type Html, type HtmlPart, html } from './html.js';
import { paperLink } from './paper-link.js';

/** How a verdict is shown: each with a sign, a colour and its words, all of one weight. */
const VERDICTS: Readonly<Record<Verdict['verdict'], { readonly sign: string; readonly tone: string }>> = {
  holds: { sign: '✓', tone: 'good' },
  partly: { sign: '◐', tone: 'warn' },
  'does not hold': { sign: '✕', tone: 'bad' },
  'not measured': { sign: '–', tone: 'plain' },
};

const VERDICT_NAMES = Object.keys(VERDICTS) as readonly Verdict['verdict'][];

/** The papers' statements beside what was measured here, by plugin. */
export function claimsSection({ claims, algorithms }: ResultsFile): Html {
  return html`<section id="claims" aria-labelledby="claims-title">
<h2 id="claims-title">Claims of the papers</h2>
${
  claims.length === 0
    ? html`<p class="empty">No claim was measured. <code>espalier claims</code> measures them.</p>`
    : html`${[...Map.groupBy(claims, ({ plugin }) => plugin)].map(([plugin, own]) =>
        pluginClaims(plugin, own, papersOf(plugin, algorithms)),
      )}`
}
</section>`;
}

/** How many claims came out how. */
export function verdictTiles(claims: readonly ClaimRecord[]): Html {
  return html`<ul class="tiles">${VERDICT_NAMES.map((verdict) => {
    const count = claims.filter((claim) => claim.verdict === verdict).length;
    const { sign, tone } = VERDICTS[verdict];
    return html`<li class="tile ${count > 0 ? tone : 'none'}"><b>${count}</b><span><span aria-hidden="true">${sign}</span> ${verdict}</span></li>`;
  })}</ul>`;
}

function pluginClaims(plugin: string, claims: readonly ClaimRecord[], papers: readonly Paper[]): Html {
  // Explicit roles: on narrow screens the rows become cards, and `display: block` would take the table's meaning away.
  return html`<h3>${plugin}</h3>
${papers.map((paper) => html`<p class="paper">${paperLink(paper)}</p>`)}
<table class="claims" role="table"><caption class="hidden">Claims of ${plugin}</caption><thead role="rowgroup"><tr role="row">${[
    'verdict',
    'statement',
    'paper',
    'measured here',
  ].map(
    (heading) => html`<th scope="col" role="columnheader">${heading}</th>`,
  )}</tr></thead><tbody role="rowgroup">${claims.map(claimRow)}</tbody></table>`;
}

function claimRow({
  claim,
  tier,
  statement,
  paper,
  ourFigure,
  verdict,
  reason,
  measurements,
  seed,
  wallMs,
}: ClaimRecord): Html {
  const { sign, tone } = VERDICTS[verdict];
  const cell = (label: string, content: HtmlPart) =>
    html`<td role="cell" data-label="${label}">${content}</td>`;
  const measured = Object.entries(measurements);
  return html`<tr role="row">
<td role="cell" class="verdict"><span class="badge large ${tone}"><span aria-hidden="true">${sign}</span> ${verdict}</span></td>
${cell('statement', html`${statement}<small>${claim} · ${tier} · seed ${seed} · ${formatTime(wallMs)}</small>`)}
${cell('paper', html`<b>${paper.figure}</b><small>${paper.setting}</small>`)}
${cell(
  'measured here',
  html`<b>${ourFigure}</b><p>${reason}</p>${
    measured.length > 0 &&
    html`<details><summary>${measured.length === 1 ? 'the number' : `${measured.length} numbers`}</summary><dl class="numbers">${measured.map(
      ([name, value]) => html`<div><dt>${name}</dt><dd>${formatNumber(value)}</dd></div>`,
    )}</dl></details>`
  }`,
)}
</tr>`;
}

function papersOf(plugin: string, algorithms: readonly AlgorithmDescription[]): Paper[] {
  const papers = algorithms.flatMap((algorithm) =>
    algorithm.plugin === plugin && algorithm.paper ? [algorithm.paper] : [],
  );
  return [...new Map(papers.map((paper) => [paper.title, paper])).values()];
}
