import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const ms = (seconds) => {
  const value = 1_000 * seconds;
  return value < 100 ? value.toPrecision(2) : value.toFixed(0);
};

function environment({ on, busy }) {
  return `${on}. Processor time of one thread${busy ? ' (the machine was busy: rows on two threads are left out)' : '; on two threads wall-clock'}.`;
}

/** All cases and solvers. */
export function page(tables, scaling, machine) {
  const parts = tables.map(({ name, rows }) => {
    const lines = rows.map((row) => [
      row.solver,
      ms(row.seconds),
      row.residual.toExponential(2),
      String(row.iterations),
    ]);
    return `## ${name}\n\n${markdownTable(['solver', 'ms an iteration', 'residual at the end', 'iterations'], lines)}\n`;
  });
  return `# Matrix completion: measured\n\n${environment(machine)}\nWritten by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}\n## Scaling\n\n${scalingTable(scaling)}\n`;
}

/** Milliseconds an iteration of each solver by case. */
export function summary(tables, scaling, machine) {
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map(({ solver }) => solver)))];
  const lines = names.map((name) => [
    name,
    ...tables.map(({ rows }) => {
      const row = rows.find(({ solver }) => solver === name);
      return row ? ms(row.seconds) : '';
    }),
  ]);
  return `${environment(machine)}

Milliseconds of one iteration (both factors updated once), square matrices, from one start; residuals: [bench/results.md](bench/results.md).

${markdownTable(['solver', ...tables.map(({ short }) => short)], lines)}

Growth with the number of observations, rank 10, 100 observations a row ([plot](bench/scaling.svg)):

${scalingTable(scaling)}
`;
}

export function scalingTable({ counts, series }) {
  const header = [
    'ms an iteration',
    ...counts.map((count) => count.toExponential(0).replace('e+', 'e')),
    'exponent',
    'theory',
  ];
  const lines = series.map(({ name, seconds, exponent, theory }) => [
    name,
    ...seconds.map(ms),
    exponent.toFixed(2),
    String(theory),
  ]);
  return markdownTable(header, lines);
}
