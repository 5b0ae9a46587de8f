import type { Measurements } from '@espalier/core';

/** The setting of the paper's table. */
export const PAPER_SETTING = 'Llama-2-7B, about 2 bits, 1e9 tokens of RedPajama, WikiText-2 at 4,096 tokens';

export const roundedFigure = (value: number): number => Number(value.toPrecision(4));

/** Figures by name, in words; those that were not measured are left out. */
export const series = (measured: Measurements, names: readonly string[]): string =>
  names
    .filter((name) => measured[name] !== undefined)
    .map((name) => `${name} ${roundedFigure(measured[name])}`)
    .join(', ');
