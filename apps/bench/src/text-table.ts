const GAP = '  ';
const NARROWEST = 10;

/**
 * Aligns rows of text in columns, two spaces apart; the last column is not padded. Where the rows are longer than `width`,
 * the widest columns are made narrower and their cells wrapped at words. A pipe gets whole lines.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => row.map((cell) => cell.replace(/\s+/g, ' ').trim()));
  const widths = fit(
    header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0))),
    width,
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join(GAP)
      .trimEnd();
  const lines = (row: readonly string[]): string[] => {
    const wrapped = row.map((cell, i) => wrap(cell, widths[i]!));
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) => line(wrapped.map((parts) => parts[at] ?? '')));
  };
  const rule = line(widths.map((size) => '-'.repeat(Math.min(size, 60))));
  return [...lines(header), rule, ...cells.flatMap(lines)].join('\n');
}

/** Takes width from the widest column until the row fits or all are narrow. */
function fit(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, size) => sum + size, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= NARROWEST) break;
    widths[widest]!--;
  }
  return widths;
}

/** Lines of at most `width` characters, broken at spaces, or inside a word that is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const at = space > 0 ? space : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest];
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
