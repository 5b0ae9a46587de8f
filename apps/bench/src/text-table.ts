/** Aligns rows of text in columns, two spaces apart; the last column is not padded. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(Math.min(width, 60)))), ...rows.map(line)].join(
    '\n',
  );
}

/** A number as people read it: four significant digits, exponents where they help. */
export function shortNumber(value: number | undefined): string {
  if (value === undefined) return '';
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-3) return value.toExponential(2);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** Milliseconds as people read them. */
export function shortTime(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
