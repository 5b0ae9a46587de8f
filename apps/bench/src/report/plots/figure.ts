import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Html, html, raw } from '../html.js';

/** A plot with the words that go with it. */
export interface FigureSpec {
  readonly title: string;
  /** What the plot shows, for those who cannot see it. */
  readonly description: string;
  /** A remark below the plot, such as what was clamped. */
  readonly note?: string | undefined;
  readonly plot: Plot.PlotOptions;
}

/** Size of a small plot in its own units; the page scales it to the width there is. */
export const FIGURE_WIDTH = 380;
export const FIGURE_HEIGHT = 250;

/** The plot as inline SVG in a `<figure>`: no script and no request is needed to see it. */
export function figure({ title, description, note, plot }: FigureSpec): Html {
  return html`<figure class="figure"><figcaption>${title}</figcaption>${renderSvg(plot, `${title}. ${description}`)}${note && html`<p class="note">${note}</p>`}</figure>`;
}

/** An SVG that is only an ornament, such as a swatch in a legend. */
export function ornament(plot: Plot.PlotOptions): Html {
  return renderSvg(plot, undefined);
}

let drawingDocument: Document | undefined;

function renderSvg(options: Plot.PlotOptions, label: string | undefined): Html {
  drawingDocument ??= parseHTML('<!doctype html><html><body></body></html>').document;
  const svg = Plot.plot({
    width: FIGURE_WIDTH,
    height: FIGURE_HEIGHT,
    marginTop: 24,
    marginRight: 14,
    marginBottom: 38,
    marginLeft: 54,
    ...options,
    className: 'plot',
    document: drawingDocument,
  });
  // The page styles all plots once; Plot would repeat its sheet in each.
  for (const style of [...svg.querySelectorAll('style')]) style.remove();
  svg.removeAttribute('style');
  if (label === undefined) {
    svg.setAttribute('aria-hidden', 'true');
  } else {
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
  }
  return raw(roundCoordinates(svg.outerHTML));
}

/** A tenth of a unit is less than a pixel on any screen; full doubles would triple the page. */
function roundCoordinates(markup: string): string {
  return markup.replace(/(?<= (?:d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height)=")[^"]*/g, (attribute) =>
    attribute.replace(/-?\d+\.\d\d+/g, (number) => String(Number(Number(number).toFixed(1)))),
  );
}
