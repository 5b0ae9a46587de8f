/** What each case computes, in the order of the table. */
const CASES = {
  'logsumexp-rows': 'log-sum-exp of the rows, 2000 x 2000',
  'logsumexp-cols': 'log-sum-exp of the columns, 2000 x 2000',
  'affine-rows': '`logSumExpAffineRows`, 2000 x 2000',
  'affine-sums': '`expAffineSums`, 2000 x 2000',
  'affine-histogram': '`expAffineSums` with histogram, 2000 x 2000',
  'affine-csr': '`expAffineToCsr`, 1 % kept, 2000 x 2000',
  exp: 'exp of 4,000,000',
  log: 'log of 4,000,000',
  dot: 'dot of 1,000,000',
  gemv: 'A x, 2000 x 2000',
  'gemv-transposed': 'A^T x, 2000 x 2000',
  'gemm-512': 'A B, 512',
  'gemm-1024': 'A B, 1024',
  'syrk-1024': 'A A^T, 1024',
  'cholesky-500': 'Cholesky, 500',
  'cholesky-1000': 'Cholesky, 1000',
  'cholesky-2000': 'Cholesky, 2000',
  triangular: 'L x = b, 2000',
  csr: 'sparse A x, 2000 x 2000, 1 % (40,000 entries)',
};

const milliseconds = (t) =>
  t === undefined ? '' : t < 1 ? t.toFixed(3) : t < 100 ? t.toFixed(2) : t.toFixed(0);
const row = (cells) => `| ${cells.join(' | ')} |`;

/** The Markdown page of one run. */
export function page(ours, peers, machine) {
  const head = [
    'case',
    'workspace',
    'no FMA',
    'heap',
    'plain loops',
    ...peers.flatMap((peer) => [`numpy ${peer.numpy}`, 'ratio']),
  ];
  const lines = Object.entries(CASES).map(([name, label]) => {
    const { relaxed, simd, heap, plain } = ours[name];
    const peerCells = peers.flatMap(({ timings }) => {
      const t = timings[name];
      return [milliseconds(t), t === undefined ? '' : `${((relaxed ?? simd) / t).toFixed(2)}`];
    });
    return row([label, ...[relaxed, simd, heap, plain].map(milliseconds), ...peerCells]);
  });
  const scipyRows = peers.map((peer) => {
    const t = peer.timings['logsumexp-rows-scipy'];
    const best = ours['logsumexp-rows'].relaxed ?? ours['logsumexp-rows'].simd;
    return `- \`scipy.special.logsumexp\` ${peer.scipy}, rows, 2000 x 2000: ${milliseconds(t)} ms; ratio ${(best / t).toFixed(2)}.`;
  });
  return `# Linear algebra: measured

Milliseconds of the fastest run; written by \`node packages/linalg/bench/run.mjs --write\`. One thread on both sides. Ratio = ours
(workspace) / numpy: below 1 is faster than numpy. Other work may have shared the machine: the fastest of many runs is shown
because it suffers least from that.

- Machine: ${machine.on}. V8 ${machine.v8}. ${machine.rounds} rounds of ${machine.seconds} s a case.
${peers.map((p) => `- numpy ${p.numpy}, scipy ${p.scipy}, Python ${p.python}; BLAS: ${p.blas}.`).join('\n')}
- *workspace*: operands in a \`Workspace\`, WASM SIMD with fused multiply-add (relaxed SIMD). *no FMA*: the same with the WebAssembly
  SIMD that every engine has. *heap*: operands in ordinary arrays, copied through scratch memory. *plain loops*: JavaScript
  (for \`A B\` the i-k-j order).

${row(head)}
${row(head.map((_, i) => (i === 0 ? '---' : '---:')))}
${lines.join('\n')}

${scipyRows.join('\n')}

numpy computes log-sum-exp as max, subtract, exp, sum, log over whole arrays; the affine cases are the same with the affine form
before. Its exp and its BLAS use vectors of up to 512 bits, WebAssembly SIMD has 128: about half of the arithmetic peak
is out of reach for the products. What is fused (the affine sums) wins by not writing intermediate arrays.
`;
}
