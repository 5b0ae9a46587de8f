// The page of results.
import { transformer, transformerShapes } from './weights.mjs';

/** Markdown of the results. */
export function report({ results, machine, rounds, quick }) {
  const names = Object.keys(results);
  const parameters = transformerShapes().reduce(
    (sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  const facts = names.map((name) => `${name}: ${words(results[name].facts)}`).join('; ');
  const busy = Math.max(...machine.load) > machine.cores + 1;
  return `# Performance of the cpu runtime
${busy ? '\n**Measured while other programs used the cores: not to be quoted. Repeat it on a quiet machine.**\n' : ''}
Written by \`npm run -s bench:runtime-cpu\`, which repeats the measurement${quick ? ' (this page: its quick form)' : ''}.

- Machine: ${machine.on}; ${new Date().toISOString().slice(0, 10)}.
- Load average before and after each round: ${machine.load.map((value) => value.toFixed(1)).join(', ')} (the benchmark itself keeps ${machine.cores} busy at most).
- ${facts}.
- Each variant runs in a process of its own, ${rounds} rounds in turn; the best round counts. OPENBLAS_CORETYPE is unset for all.
- Plain tfjs has, for what its wasm backend lacks, the simplest kernel (UnsortedSegmentSum, Conv2DBackpropFilter: loops in JavaScript).

## One training step

Milliseconds, median of a round, in brackets the best step. The transformer: ${transformer.layers} layers, width ${transformer.width}, ${transformer.heads} heads, ${(parameters / 1e6).toFixed(2)} M parameters (RMSNorm, rotary positions,
SwiGLU, cross-entropy, Adam), batch ${transformer.batch} x ${transformer.tokens} tokens. The convolutional net: four 3 x 3 convolutions (16, 16, 32, 32 channels), two max-poolings, two
dense layers, batch 64 of 28 x 28 images, Adam. All variants start from the same numbers: the losses show that they compute the same.

${steps(results, names)}

${ratios(results, names)}

## Matrix products

10^9 floating-point operations a second, best call.

| product | ${names.join(' | ')} |
| --- | ${names.map(() => '---:').join(' | ')} |
${Object.keys(results[names[0]].products)
  .map(
    (product) => `| ${product} | ${names.map((name) => rate(results[name].products[product])).join(' | ')} |`,
  )
  .join('\n')}
`;
}

function steps(results, names) {
  const cells = ({ milliseconds, best, loss }) => [
    `${milliseconds.toFixed(1)} (${best.toFixed(1)})`,
    loss.toFixed(4),
  ];
  const rows = names.map((name) => {
    const { transformer: t, convNet: c } = results[name];
    return `| ${[name, ...cells(t), ...cells(c)].join(' | ')} |`;
  });
  return [
    '| variant | transformer, ms | loss after 20 steps | convolutional net, ms | loss after 20 steps |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

/** Each variant's time against plain tfjs and against PyTorch. */
function ratios(results, names) {
  const time = (name, model) => results[name][model].milliseconds;
  const row = (name) => {
    const cells = ['transformer', 'convNet'].flatMap((model) => [
      `${(time('tfjs wasm', model) / time(name, model)).toFixed(1)} x`,
      results.PyTorch
        ? `${(time(name, model) / time('PyTorch', model)).toFixed(2)} x`
        : 'PyTorch is not installed',
    ]);
    return `| ${name} | ${cells.join(' | ')} |`;
  };
  return [
    '| variant | transformer: faster than plain tfjs | its time / PyTorch | convolutional net: faster than plain tfjs | its time / PyTorch |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...names.map(row),
  ].join('\n');
}

function rate(value) {
  return value.toFixed(1);
}

function words(facts) {
  return Object.entries(facts)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}
