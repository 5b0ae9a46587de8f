/** ||a - b||^2 of two stretches. */
export function squaredDistance(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  size: number,
): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (a[atA + k] - b[atB + k]) ** 2;
  return sum;
}
