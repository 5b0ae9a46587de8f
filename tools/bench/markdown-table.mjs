/** A Markdown table of strings, the first column to the left and the others to the right, as the formatter wants it. */
export function markdownTable(header, rows) {
  const widths = header.map((title, k) => Math.max(3, title.length, ...rows.map((row) => row[k].length)));
  const line = (cells) =>
    `| ${cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join(' | ')} |`;
  const rule = widths.map((width, k) => (k === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}
