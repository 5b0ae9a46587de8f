import type { SymbolName } from '@observablehq/plot';

/** How a series is drawn. Colour is never alone: dash and marker tell the same apart. */
export interface SeriesStyle {
  /** A custom property of the page, which has a value for light and for dark. */
  readonly color: string;
  readonly dash: string;
  readonly symbol: SymbolName;
}

/** How many colours the theme has: `--series-1` to `--series-8`. */
export const SERIES_COLORS = 8;

const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '4 2'];
const SYMBOLS: readonly SymbolName[] = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye', 'hexagon'];

/** The style of the series at `index`. The counts have no common divisor, so the 280 first are all different. */
export function seriesStyle(index: number): SeriesStyle {
  return {
    color: `var(--series-${(index % SERIES_COLORS) + 1})`,
    dash: DASHES[index % DASHES.length]!,
    symbol: SYMBOLS[index % SYMBOLS.length]!,
  };
}
