const seconds = (value) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
const error = (value) => (value === 0 ? '0' : value.toExponential(0));

function environment({ cpu, node, versions, limit }) {
  const peers = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  return (
    `One thread, ${cpu}, Node ${node}; ${peers || 'no Python peers on this machine'}. ` +
    `Processor time; every solver ran to an L1 marginal error of 1e-9, or ${limit} s.`
  );
}

/** A Markdown table, the first column to the left and the others to the right, as the formatter wants it. */
function table(header, rows) {
  const widths = header.map((title, k) => Math.max(3, title.length, ...rows.map((row) => row[k].length)));
  const line = (cells) =>
    `| ${cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join(' | ')} |`;
  const rule = widths.map((width, k) => (k === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** All cases and solvers. */
export function page(tables, machine) {
  const parts = tables.map(({ name, rows }) => {
    const lines = rows.map((row) => [
      row.solver,
      row.iterations ? String(row.iterations) : '',
      error(row.error),
      row.cost.toPrecision(8),
      seconds(row.seconds),
    ]);
    return `## ${name}\n\n${table(['solver', 'iterations', 'marginal error', 'transport cost', 'seconds'], lines)}\n`;
  });
  return `# Optimal transport: measured\n\n${environment(machine)}\nWritten by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}`;
}

/** Seconds of each solver by case; exact solvers only where they take part. */
export function summary(tables, machine) {
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map(({ solver }) => solver)))];
  const cell = (rows, name) => {
    const row = rows.find(({ solver }) => solver === name);
    return row ? `${seconds(row.seconds)}${row.error <= 1e-9 ? '' : ` (${error(row.error)})`}` : '';
  };
  const lines = names.map((name) => [name, ...tables.map(({ rows }) => cell(rows, name))]);
  return `${environment(machine)}
Seconds, in brackets the error where 1e-9 was not reached. eta is 1200 unless a column says otherwise; \`n\` stands for random
assignments. Iterations and costs: [bench/results.md](bench/results.md).

${table(['solver', ...tables.map(({ short }) => short)], lines)}
`;
}
