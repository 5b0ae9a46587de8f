import type { AlgorithmDescription } from '@espalier/core';
import type { ResultsFile } from '../results/results-file.js';
import { canonicalJson } from './canonical-json.js';
import { formatCount } from './format.js';
import { type Html, html } from './html.js';
import { paperLink } from './paper-link.js';
import { table } from './table.js';

/** Every algorithm that took part: what it is, its paper, its options. */
export function algorithmsSection({ algorithms }: ResultsFile): Html {
  return html`<section id="algorithms" aria-labelledby="algorithms-title">
<h2 id="algorithms-title">Algorithms</h2>
${algorithms.length === 0 ? html`<p class="empty">No algorithm is described in these results.</p>` : algorithms.map(entry)}
</section>`;
}

/** Plugins that could not be loaded, so that nothing is missing silently; undefined when there are none. */
export function pluginFailuresSection({ pluginFailures }: ResultsFile): Html | undefined {
  if (pluginFailures.length === 0) return undefined;
  return html`<section id="failed-plugins" aria-labelledby="failed-plugins-title">
<h2 id="failed-plugins-title">Plugins that could not be loaded</h2>
${table({
  caption: 'Plugins that are missing from these results',
  className: 'dense',
  columns: [{ heading: 'plugin' }, { heading: 'reason' }],
  rows: pluginFailures.map(({ plugin, reason }) => [
    { content: plugin },
    { content: reason, className: 'reason' },
  ]),
})}
</section>`;
}

function entry({
  name,
  plugin,
  kind,
  summary,
  paper,
  solves,
  options,
  examples,
}: AlgorithmDescription): Html {
  return html`<details class="algorithm"><summary><b>${name}</b> <span class="muted">${kind}${solves && `, ${solves}`} · ${plugin}</span></summary>
<p>${summary}</p>
${paper && html`<p class="paper">${paperLink(paper)}</p>`}
${examples.length > 0 && html`<p class="muted">Example option sets: ${examples.join(', ')}</p>`}
${
  options.length > 0
    ? table({
        caption: `${formatCount(options.length, 'option')} of ${name}`,
        className: 'dense',
        columns: [
          { heading: 'option' },
          { heading: 'default' },
          { heading: 'allowed' },
          { heading: 'meaning' },
        ],
        rows: options.map((option) => [
          { content: html`<code>${option.name}</code>`, sort: option.name },
          { content: option.default !== undefined && html`<code>${canonicalJson(option.default)}</code>` },
          { content: option.allowed },
          { content: option.summary, className: 'reason' },
        ]),
      })
    : html`<p class="muted">No options.</p>`
}
</details>`;
}
