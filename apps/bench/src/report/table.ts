import { type Html, type HtmlPart, html } from './html.js';

/** A cell: what is shown, and where it is a number or not the text shown, what it is sorted by. */
export interface TableCell {
  readonly content: HtmlPart;
  readonly sort?: number | string | undefined;
  /** Numbers stand right. */
  readonly numeric?: boolean;
  readonly className?: string;
}

/** A table that can be sorted by a click on a heading where scripts run, and read where they do not. */
export interface TableSpec {
  readonly caption: string;
  readonly columns: readonly { readonly heading: HtmlPart; readonly numeric?: boolean }[];
  /** The first cell of every row is its heading. */
  readonly rows: readonly (readonly TableCell[])[];
  readonly className?: string;
  /** Numbered footnotes and other remarks. */
  readonly note?: HtmlPart;
}

/** The table in a container of its own that scrolls sideways, so that the page never does. */
export function table({ caption, columns, rows, className = '', note }: TableSpec): Html {
  return html`<div class="table-scroll" role="region" aria-label="${caption}" tabindex="0"><table class="${className}"><caption><span>${caption}</span></caption><thead><tr>${columns.map(
    ({ heading, numeric }) =>
      html`<th scope="col"${numeric && html` class="numeric"`} data-sortable>${heading}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, column) => tableCell(cell, column === 0))}</tr>`,
  )}</tbody></table></div>${note && html`<p class="note">${note}</p>`}`;
}

function tableCell({ content, sort, numeric, className }: TableCell, isHeading: boolean): Html {
  const classes = [numeric && 'numeric', className].filter(Boolean).join(' ');
  const attributes = html`${classes !== '' && html` class="${classes}"`}${sort !== undefined && html` data-sort="${sort}"`}`;
  return isHeading
    ? html`<th scope="row"${attributes}>${content}</th>`
    : html`<td${attributes}>${content}</td>`;
}
