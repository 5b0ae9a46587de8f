import type { Paper } from '@espalier/core';
import { type Html, html } from './html.js';

/** The paper's title, linked to arXiv or its DOI where it has one. */
export function paperLink({ title, authors, arxiv, doi, year }: Paper): Html {
  const address = arxiv
    ? `https://arxiv.org/abs/${encodeURI(arxiv)}`
    : doi
      ? `https://doi.org/${encodeURI(doi)}`
      : undefined;
  const details = [authors, String(year), arxiv ? `arXiv ${arxiv}` : doi && `doi ${doi}`].filter(Boolean);
  return html`${address ? html`<a href="${address}" rel="noreferrer">${title}</a>` : html`<cite>${title}</cite>`} <span class="muted">${details.join(', ')}</span>`;
}
