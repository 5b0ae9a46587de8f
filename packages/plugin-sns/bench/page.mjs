import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const seconds = (value) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
const error = (value) => (value === 0 ? '0' : value.toExponential(0));

function environment({ on, limit }) {
  return `One thread, ${on}. Processor time; every solver ran to an L1 marginal error of 1e-9, or ${limit} s.`;
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
    return `## ${name}\n\n${markdownTable(['solver', 'iterations', 'marginal error', 'transport cost', 'seconds'], lines)}\n`;
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

${markdownTable(['solver', ...tables.map(({ short }) => short)], lines)}
`;
}
