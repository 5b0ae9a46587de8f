/** target[e] = the median over all solutions of their number at e. @param solutions an odd number of arrays of one length */
export function entrywiseMedianInPlace(target: Float64Array, solutions: readonly Float64Array[]): void {
  const column = new Float64Array(solutions.length);
  const middle = (solutions.length - 1) / 2;
  for (let e = 0; e < target.length; e++) {
    for (let s = 0; s < solutions.length; s++) column[s] = solutions[s][e];
    target[e] = column.sort()[middle];
  }
}
