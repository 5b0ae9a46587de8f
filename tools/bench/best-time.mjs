/** Milliseconds of the fastest of at least two calls, repeated for `forMs`; the tensor that each returns is disposed of. */
export function bestTime(work, forMs) {
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + forMs;
  for (let i = 0; i < 2 || performance.now() < end; i++) {
    const start = performance.now();
    const product = work();
    least = Math.min(least, performance.now() - start);
    product.dispose();
  }
  return least;
}
