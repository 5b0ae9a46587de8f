import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const seconds = (value) =>
  value === undefined
    ? ''
    : value < 0.0995
      ? value.toPrecision(2)
      : value < 10
        ? value.toPrecision(2)
        : value.toFixed(0);

function environment({ on }) {
  return `One thread, ${on}. Processor time, the fastest of some runs.`;
}

/** The slope of log seconds against log n over the two largest sizes. */
function exponent(rows) {
  const [a, b] = rows.slice(-2);
  if (!b) return '';
  return (Math.log(b.seconds / a.seconds) / Math.log(b.n / a.n)).toFixed(2);
}

/** Seconds by size, the fitted exponent beside that of n log n between the same sizes. */
function speedTable(lines, sizes) {
  return markdownTable(
    ['method', ...sizes.map((n) => `n = ${n.toLocaleString('en')}`), 'exponent', 'bits at the last'],
    lines.map(({ method, rows }) => [
      method,
      ...sizes.map((n) => seconds(rows.find((row) => row.n === n)?.seconds)),
      exponent(rows),
      rows.at(-1)?.bits.toFixed(4) ?? '',
    ]),
  );
}

const qualityTable = (quality) =>
  markdownTable(
    ['coupling', 'mean H(X, Y), bits', 'ms a pair'],
    quality.map(({ method, bits, seconds: total }) => [method, bits.toFixed(3), (10 * total).toPrecision(2)]),
  );

const informationTable = (information) =>
  markdownTable(
    ['source and R', ...Object.keys(information[0].bits)],
    information.map(({ name, bits }) => [name, ...Object.values(bits).map((value) => value.toFixed(3))]),
  );

const gameTable = (game) =>
  markdownTable(
    ['R / H', 'Algorithm 1', 'Huffman', 'uniform'],
    game.map(({ rate, search, huffman, uniform }) => [
      String(rate),
      ...[search, huffman, uniform].map(
        ({ accuracy, meanReward }) => `${accuracy.toFixed(2)} (${meanReward.toFixed(2)})`,
      ),
    ]),
  );

/** What the README shows. */
export function summary(results) {
  const { sizes, coupling, encoding, quality, information, game, step, machine } = results;
  const nLogN = (
    Math.log((sizes.at(-1) * Math.log(sizes.at(-1))) / (sizes.at(-2) * Math.log(sizes.at(-2)))) /
    Math.log(sizes.at(-1) / sizes.at(-2))
  ).toFixed(2);
  return `${environment(machine)}

Seconds for a coupling of two Dirichlet(1) distributions of n symbols. The exponent is fitted over the two largest sizes; n log n has ${nLogN}
there.

${speedTable(coupling, sizes)}

Seconds for a code at R = H/2 of such a source, and its I(X;T).

${speedTable(encoding, sizes)}

Mean joint entropy of 100 pairs of random distributions of 8 symbols (the paper, sizes not known: independent 5.443, SLA 3.225, max-seeking
2.946, zero-seeking 2.937).

${qualityTable(quality)}

I(X;T) in bits of codes for two sources of 16 symbols.

${informationTable(information)}

Markov coding game, 64 messages, 100 episodes, log beta = -5: accuracy, in brackets the mean reward.

${gameTable(game)}

A step with 512 messages at R/H = 0.5, while more than a bit is not known, takes ${(1e3 * step.seconds).toPrecision(2)} ms, of the sender and of the receiver alike${
    step.peer === undefined
      ? '.'
      : `; plain numpy takes ${(1e3 * step.peer).toPrecision(2)} ms and has the\nsame beliefs to ${step.difference.toExponential(0)}.`
  }
`;
}

/** The page of results: the same tables. */
export function page(results) {
  return `# Couplings and codes: measured\n\nWritten by \`node bench/run.mjs --write\`.\n\n${summary(results)}`;
}
