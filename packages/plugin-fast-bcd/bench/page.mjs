import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const seconds = (value) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
const gap = (value) => (value <= 0 ? '0' : value.toExponential(0));

function environment({ on, goal, limit }) {
  return (
    `One thread, ${on}. Processor time from arrays in memory to the solution, ` +
    `at the loosest tolerance of each solver (powers of ten) whose F is within ${goal.toExponential(0)} of the minimum, ` +
    `relative. A solver that has needed more than ${limit} s is not asked for more.`
  );
}

/** All cases and solvers. */
export function page(tables, machine) {
  const parts = tables.map(({ name, minimum, rows }) => {
    const lines = rows.map((row) => [
      row.solver,
      String(row.iterations),
      String(row.support),
      gap((row.value - minimum) / Math.abs(minimum)),
      seconds(row.seconds),
    ]);
    return `## ${name}\n\nMinimum ${minimum.toPrecision(12)}.\n\n${markdownTable(['solver', 'iterations', 'support', 'relative gap', 'seconds'], lines)}\n`;
  });
  return `# Composite minimisation: measured\n\n${environment(machine)}\nWritten by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}`;
}

/** Seconds of each solver by case. */
export function summary(tables, machine) {
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map(({ solver }) => solver)))];
  const cell = ({ rows, minimum }, name) => {
    const row = rows.find(({ solver }) => solver === name);
    if (!row) return '';
    const relative = (row.value - minimum) / Math.abs(minimum);
    return `${seconds(row.seconds)}${relative <= machine.goal ? '' : ` (${gap(relative)})`}`;
  };
  const lines = names.map((name) => [name, ...tables.map((one) => cell(one, name))]);
  return `${environment(machine)}
Seconds, in brackets the relative gap where the goal was not reached; an empty cell: the solver does not solve it. Wide is 1000 x
10000, tall 10000 x 500, both dense; sparse is 1000 x 10000 with 7 % of the entries, large with a support of most rows. The fastest of
${machine.rounds} runs in a warm process. Iterations, supports and gaps:
[bench/results.md](bench/results.md).

${markdownTable(['solver', ...tables.map(({ short }) => short)], lines)}
`;
}
