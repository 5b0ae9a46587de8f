import { createHash } from 'node:crypto';
import { type Html, html, raw } from './html.js';
import { PAGE_SCRIPT } from './page-script.js';
import { styleSheet } from './style-sheet.js';

/** What stands in the page. */
export interface PageSpec {
  readonly title: string;
  /** Anchors of the bar at the top. */
  readonly links: readonly { readonly id: string; readonly text: string }[];
  readonly header: Html;
  readonly sections: readonly Html[];
  readonly footer: Html;
}

/**
 * One HTML document that needs nothing beside itself. Its content policy forbids every request and every script but
 * its own, whatever the results contain.
 */
export function page({ title, links, header, sections, footer }: PageSpec): string {
  const scriptHash = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${scriptHash}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(styleSheet())}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<div class="bar"><div><nav aria-label="Sections">${links.map(({ id, text }) => html`<a href="#${id}">${text}</a>`)}</nav><button type="button" class="theme" hidden>Dark</button></div></div>
<main id="main">
<header><h1>${title}</h1>${header}</header>
${sections}
</main>
<footer>${footer}</footer>
<script>${raw(PAGE_SCRIPT)}</script>
</body>
</html>
`.markup;
}
