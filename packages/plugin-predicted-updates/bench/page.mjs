import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

function environment({ on, count }) {
  return (
    `One thread, ${on}. ` +
    `Processor time; predictions off by N(0, 4^2) slots; recomputation over ${count} updates, the others over all after the build-up. ` +
    'All answers agree.'
  );
}

const sortOf = (name) => name.split(',')[0];

function times(rows) {
  const names = [...new Set(rows.map((row) => row.case))];
  const solvers = [...new Set(rows.map(({ solver }) => solver))];
  const cell = (solver, name) => {
    const row = rows.find((each) => each.solver === solver && each.case === name);
    return row ? short(row.microseconds) : '';
  };
  // One table a sort of question: side by side they would be too wide.
  const sorts = [...new Set(names.map(sortOf))].map((sort) => names.filter((name) => sortOf(name) === sort));
  return sorts
    .map((columns) =>
      markdownTable(
        ['microseconds an update', ...columns],
        solvers
          .map((solver) => [solver, ...columns.map((name) => cell(solver, name))])
          .filter(([, ...cells]) => cells.some((text) => text !== '')),
      ),
    )
    .join('\n\n');
}

function work({ bySize, byError, exponents, slots }) {
  const perSlot = (value, t) => short(value / t);
  const sizes = markdownTable(
    ['T', ...bySize.map(({ slots: t }) => String(t)), 'exponent', 'theory'],
    ['perfect', 'noisy'].map((which) => [
      which === 'perfect' ? 'work / T, perfect predictions' : 'work / T, sigma = 4',
      ...bySize.map((row) => perSlot(row[which], row.slots)),
      exponents[which].toFixed(3),
      exponents.theory.toFixed(3),
    ]),
  );
  const errors = markdownTable(
    [`l1 / T, T = ${slots}`, ...byError.map(({ l1 }) => short(l1 / slots)), 'exponent', 'theory'],
    [
      [
        'extra work / T',
        ...byError.map(({ extra }) => short(extra / slots)),
        exponents.error.toFixed(2),
        '1 (times log)',
      ],
    ],
  );
  return `Work is the slots of all computed nodes of the divide tree; exponents are fitted on a log-log scale (against the error: sigma 4 to
64). Theory: T log2 T, and linear in l1.

${sizes}

${errors}
`;
}

export function page(rows, fits, machine) {
  return `# Predicted updates: measured\n\n${environment(machine)}\nWritten by \`node bench/run.mjs --write\`.\n\n${times(rows)}\n\n## Work\n\n${work(fits)}`;
}

export function summary(rows, fits, machine) {
  return `${environment(machine)}\n\n${times(rows)}\n\n${work(fits)}`;
}
