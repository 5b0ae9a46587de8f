/** Markup that is safe to put into a page as it stands. Made by {@link html} or, for trusted text, {@link raw}. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What can stand in a placeholder of {@link html}. `undefined`, `null` and `false` leave nothing. */
export type HtmlPart = string | number | Html | undefined | null | false | readonly HtmlPart[];

/**
 * A template whose placeholders are escaped, unless they are markup already. Attribute values must be quoted.
 *
 *     html`<td title="${reason}">${items.map((item) => html`<b>${item}</b>`)}</td>`
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = strings[0]!;
  for (let i = 0; i < parts.length; i++) markup += render(parts[i]) + strings[i + 1]!;
  return new Html(markup);
}

/** Takes `markup` as it is: for what this program wrote itself, never for what came from a file. */
export function raw(markup: string): Html {
  return new Html(markup);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it must stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** An `id` made of `parts`: words joined by hyphens, unique when the parts' letters and digits are. */
export function slug(...parts: readonly string[]): string {
  return parts
    .join('-')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

function render(part: HtmlPart): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeHtml(String(part));
}
