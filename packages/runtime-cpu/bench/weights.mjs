// The parameters of both benchmark models and the data that they are trained on: the same numbers for every variant.

/** Mulberry32: numbers in [0, 1). */
export function stream(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const transformer = {
  vocabulary: 1024,
  width: 128,
  layers: 4,
  heads: 4,
  hidden: 344,
  batch: 8,
  tokens: 128,
};
export const convNet = { batch: 64, side: 28, channels: [16, 16, 32, 32], dense: 64, classes: 10 };

/** Names and shapes of the transformer's parameters. */
export function transformerShapes() {
  const { vocabulary, width, layers, hidden } = transformer;
  const square = [width, width];
  const layer = (i) => [
    [`${i}.norm1`, [width]],
    ...['q', 'k', 'v', 'o'].map((name) => [`${i}.${name}`, square]),
    [`${i}.norm2`, [width]],
    [`${i}.gate`, [width, hidden]],
    [`${i}.up`, [width, hidden]],
    [`${i}.down`, [hidden, width]],
  ];
  return [
    ['embedding', [vocabulary, width]],
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    ['norm', [width]],
    ['head', [width, vocabulary]],
  ];
}

/** Names and shapes of the convolutional net's parameters: filters are [height, width, in, out]. */
export function convNetShapes() {
  const { side, channels, dense, classes } = convNet;
  const inputs = [1, ...channels];
  const flat = (side / 4) ** 2 * channels.at(-1);
  return [
    ...channels.flatMap((out, i) => [
      [`filter${i}`, [3, 3, inputs[i], out]],
      [`bias${i}`, [out]],
    ]),
    ['dense', [flat, dense]],
    ['denseBias', [dense]],
    ['head', [dense, classes]],
    ['headBias', [classes]],
  ];
}

/** Uniform numbers with the variance 1 / inputs; ones for norms, zeros for biases. */
export function initialValues(shapes, seed) {
  const random = stream(seed);
  return shapes.map(([name, shape]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const inputs =
      name === 'embedding' ? shape[1] : shape.slice(0, -1).reduce((product, n) => product * n, 1);
    const spread = Math.sqrt(3 / inputs);
    const next = /norm/.test(name)
      ? () => 1
      : /[bB]ias/.test(name)
        ? () => 0
        : () => (2 * random() - 1) * spread;
    return Float32Array.from({ length: size }, next);
  });
}

/** Token sequences in which each token follows from the one before, with noise. */
export function tokenBatch(seed) {
  const { vocabulary, batch, tokens } = transformer;
  const random = stream(seed);
  return Int32Array.from({ length: batch * (tokens + 1) }, (_, i) =>
    random() < 0.1 ? Math.floor(random() * vocabulary) : (i * 7 + 3) % 61,
  );
}

/** Images of noise with a brighter place that depends on their class, and the classes. */
export function imageBatch(seed) {
  const { batch, side, classes } = convNet;
  const random = stream(seed);
  const labels = Int32Array.from({ length: batch }, () => Math.floor(random() * classes));
  const images = Float32Array.from({ length: batch * side * side }, (_, i) => {
    const label = labels[Math.floor(i / (side * side))];
    const row = Math.floor((i % (side * side)) / side);
    return random() + (Math.floor(row / 2.8) === label ? 1 : 0);
  });
  return { images, labels };
}
