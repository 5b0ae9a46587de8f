/**
 * Colours of the page by role, for light and for dark. Text on every background has a contrast of at least 4.5 : 1,
 * series lines at least 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11). Series begin with blue and orange, which all forms of
 * colour blindness tell apart; further ones differ in lightness as well, and always in dash and marker.
 */
const COLORS = {
  page: ['#f6f7f4', '#111614'],
  surface: ['#ffffff', '#19201d'],
  raised: ['#f0f3ee', '#222b27'],
  text: ['#1a211e', '#e7ece9'],
  muted: ['#56625c', '#a3b0a9'],
  line: ['#dce2dc', '#313c37'],
  accent: ['#1d6b45', '#7fd3a6'],
  'best-surface': ['#e4f3ea', '#1d3a2b'],
  'good-text': ['#0c5c38', '#8fe0b5'],
  'good-surface': ['#d9f0e3', '#173d2a'],
  'warn-text': ['#6f4700', '#f3cf7a'],
  'warn-surface': ['#fbecc8', '#43340f'],
  'bad-text': ['#97231b', '#ffb3a8'],
  'bad-surface': ['#fde0dc', '#511d19'],
  'plain-text': ['#46514b', '#c0cac5'],
  'plain-surface': ['#e6eae6', '#2d3733'],
  'series-1': ['#0067a8', '#5ab6f2'],
  'series-2': ['#c24a00', '#ff9a5c'],
  'series-3': ['#00785a', '#37cb9c'],
  'series-4': ['#a8327a', '#f08fc6'],
  'series-5': ['#806000', '#e6c74c'],
  'series-6': ['#5546c0', '#ada5ff'],
  'series-7': ['#3f4a45', '#c3cec8'],
  'series-8': ['#007f92', '#62d4e3'],
} as const;

/** The colours as custom properties: they follow the system, or the choice that `data-theme` on the root holds. */
export function themeSheet(): string {
  const light = declarations(0);
  const dark = declarations(1);
  return `:root{color-scheme:light;${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${dark}}}
:root[data-theme=dark]{color-scheme:dark;${dark}}`;
}

/** All colours with their value for light and for dark. */
export const THEME: Readonly<Record<string, readonly [light: string, dark: string]>> = COLORS;

function declarations(scheme: 0 | 1): string {
  return Object.entries(THEME)
    .map(([role, values]) => `--${role}:${values[scheme]}`)
    .join(';');
}
