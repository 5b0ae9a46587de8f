const seconds = (value) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
const error = (value) => (value === 0 ? '0' : value.toExponential(0));
const reached = ({ error: value }) => value <= 1e-9;

function environment({ cpu, node, versions, limit }) {
  const peers = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  return `One thread, ${cpu}, Node ${node}; ${peers || 'no Python peers on this machine'}. Processor time; every solver ran to an L1 marginal error of 1e-9, or ${limit} s.`;
}

/** All cases and solvers. */
export function page(tables, machine) {
  const parts = tables.map(({ name, rows }) => {
    const lines = rows.map(
      (row) =>
        `| ${row.solver} | ${row.iterations || ''} | ${error(row.error)} | ${row.cost.toPrecision(8)} | ${seconds(row.seconds)} |`,
    );
    return `## ${name}\n\n| solver | iterations | marginal error | transport cost | seconds |\n| --- | ---: | ---: | ---: | ---: |\n${lines.join('\n')}\n`;
  });
  return `# Optimal transport: measured\n\n${environment(machine)} Written by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}`;
}

/** Seconds by case for the solvers of one problem: exact ones solve another. */
export function summary(tables, machine) {
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map(({ solver }) => solver)))].filter(
    (name) => !name.includes('exact'),
  );
  const cell = (rows, name) => {
    const row = rows.find(({ solver }) => solver === name);
    return row ? `${seconds(row.seconds)}${reached(row) ? '' : ` (${error(row.error)})`}` : '';
  };
  const lines = tables.map(
    ({ name, rows }) => `| ${name} | ${names.map((solver) => cell(rows, solver)).join(' | ')} |`,
  );
  return `${environment(machine)} Seconds; in brackets the error where it was not reached. Iterations and costs: [bench/results.md](bench/results.md).

| problem | ${names.join(' | ')} |
| --- | ${names.map(() => '---:').join(' | ')} |
${lines.join('\n')}
`;
}
