import { markdownTable } from '../../../tools/bench/markdown-table.mjs';

const DIVERGED = 1e5;

/** `am` of the tables with a rate a column. */
const LABELS = {
  sgd: 'no momentum',
  'heavy-ball': 'heavy ball 0.9 (rate / 10)',
  nesterov: 'Nesterov 0.9 (rate / 10)',
  adamw: 'AdamW',
  'adamw-warm-up': 'AdamW, linear warm-up',
  'torch-sgd': 'PyTorch SGD, momentum and dampening 0.9',
  'torch-adamw': 'PyTorch AdamW',
};

function label({ name }, short) {
  if (name === 'am')
    return short === 'quadratic' || short === 'digits' ? '**am-msgd**' : '**am-adamw**, no warm-up';
  if (name.startsWith('ema-')) return `averaged momentum ${name.slice(4)}`;
  return LABELS[name] ?? name;
}

function loss(value) {
  if (value >= DIVERGED) return 'diverged';
  return value < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
}

function losses({ short, title, sides, rates, measured }) {
  const cell = (side, rate) => {
    const key = `${side.name}@${rate}`;
    if (measured[`${key}.loss`] === undefined) return '';
    const accuracy = measured[`${key}.testAccuracy`];
    const middle =
      accuracy === undefined ? '' : ` / ${loss(measured[`${key}.medianLoss`])} / ${accuracy.toFixed(3)}`;
    return `${loss(measured[`${key}.loss`])}${middle}`;
  };
  const rows = sides.map((side) => [label(side, short), ...rates.map((rate) => cell(side, rate))]);
  return `${title}\n\n${markdownTable(['learning rate', ...rates.map(String)], rows)}`;
}

function updateTable(updates) {
  const rows = updates.map(({ name, milliseconds }) => [name, milliseconds.toPrecision(2)]);
  return `One update of a million parameters, gradients given: processor time, one thread\n\n${markdownTable(['optimizer', 'ms'], rows)}`;
}

/** All tables. */
export function page(results, updates, on) {
  const parts = [...results.map(losses), updateTable(updates)].map((part) => `## ${part}\n`);
  return `# Adaptive momentum: measured\n\n${on}\nWritten by \`node bench/run.mjs --write\`.\n\n${parts.join('\n')}`;
}

/** The same for the README, where titles are lines. */
export function summary(results, updates, on) {
  const parts = [...results.map(losses), updateTable(updates)].map((part) =>
    part.replace(/^(.*)\n/, '$1.\n'),
  );
  return `${on}\n\n${parts.join('\n\n')}\n`;
}
