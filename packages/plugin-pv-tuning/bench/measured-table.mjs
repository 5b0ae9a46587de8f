// The table of the README from what was measured.
import { markdownTable } from '../../../tools/bench/markdown-table.mjs';
import { measuredOn } from '../../../tools/bench/measured.mjs';

/** Perplexity and stored bits a weight of each method, side by side for the models. */
export function tableOf(columns) {
  const labels = Object.keys(columns[0].measured).filter(
    (name) => name !== 'dense' && !name.endsWith('.share'),
  );
  const cells = (label) =>
    columns.flatMap(({ measured }) => [
      measured[label].toFixed(2),
      (32 * measured[`${label}.share`]).toFixed(2),
    ]);
  const steps = columns.map(
    ({ name, statement, seconds }) =>
      `${/(\d+) steps/.exec(statement)[1]} steps on ${name}, ${seconds.toFixed(0)} s of CPU time for the whole column`,
  );
  const head = columns.map(({ name, measured }) => `${name} (dense ${measured.dense.toFixed(3)})`);
  return [
    `Perplexity, windows of 256 tokens; stored bits a weight of the linear layers, everything counted. Tuned methods: codebooks within 3 bits, 4 windows a step, \`lr\` 3e-3, \`beamSize\` 2, the code rate of each method from its grid, all from one start; ${steps.join('; ')}. ${measuredOn()}.`,
    '',
    markdownTable(
      ['method', ...head.flatMap((name) => [name, 'bits'])],
      labels.map((label) => [label, ...cells(label)]),
    ),
  ].join('\n');
}
