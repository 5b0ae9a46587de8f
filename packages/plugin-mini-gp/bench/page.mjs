import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const seconds = (value) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
const count = (value) => value.toLocaleString('en');

function environment({ on, limit, seed }) {
  return (
    `One thread, ${on}. Processor time, one run each (seed ${seed}), ` +
    `the same noise for all. Whoever is not done after ${limit} s stops.`
  );
}

function growthTable({ horizons, far, rows }) {
  const header = [
    'time in seconds',
    ...horizons.map((t) => `T = ${count(t)}`),
    'exponent',
    'theory',
    `T = ${count(far)}`,
  ];
  const lines = rows.map((row) => [
    row.solver,
    ...row.times.map(seconds),
    row.exponent.toFixed(2),
    row.theory,
    row.far === undefined ? '' : seconds(row.far),
  ]);
  return markdownTable(header, lines);
}

/** All cases and solvers. */
export function page(tables, growth, machine) {
  const parts = tables.map(({ name, budget, rows }) => {
    const lines = rows.map((row) => [
      row.solver,
      row.evaluations === budget ? '' : count(row.evaluations),
      row.regret.toPrecision(3),
      row.simple.toPrecision(2),
      count(row.unique),
      count(row.updates),
      seconds(row.seconds),
    ]);
    const header = [
      'solver',
      'evaluations, where not all',
      'relative regret',
      'simple regret',
      'unique',
      'updates',
      'seconds',
    ];
    return `## ${name}\n\n${markdownTable(header, lines)}\n`;
  });
  return `# Black-box optimisation: measured\n\n${environment(machine)}\nWritten by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}\n## Growth with the number of evaluations, 1,000 candidates\n\n${growthTable(growth)}\n`;
}

/** Relative regret and seconds of each solver by case. */
export function summary(tables, growth, machine) {
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map(({ solver }) => solver)))];
  const cell = ({ budget, rows }, name) => {
    const row = rows.find(({ solver }) => solver === name);
    if (!row) return '';
    const part = row.evaluations === budget ? '' : ` for ${count(row.evaluations)}`;
    const regret = part ? '' : `${row.regret.toFixed(3)} / `;
    return `${regret}${count(row.updates)} / ${seconds(row.seconds)} s${part}`;
  };
  const lines = names.map((name) => [name, ...tables.map((one) => cell(one, name))]);
  return `${environment(machine)}
Mean regret of an evaluation relative to chance (0 is perfect) / posterior updates / time; what ran out of time shows how many
evaluations it made. Unique candidates and the regret of the final choice: [bench/results.md](bench/results.md).

${markdownTable(['solver', ...tables.map(({ short }) => short)], lines)}

The paper's point is how the cost grows with the number of evaluations T, 1,000 candidates; the exponent is fitted over the first four.

${growthTable(growth)}
`;
}
