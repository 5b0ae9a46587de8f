/** All ways to choose n of m positions, in lexicographic order. */
export function supportsOf(n: number, m: number): readonly (readonly number[])[] {
  const supports: number[][] = [];
  const extend = (chosen: readonly number[], from: number): void => {
    if (chosen.length === n) {
      supports.push([...chosen]);
      return;
    }
    for (let i = from; i < m; i++) extend([...chosen, i], i + 1);
  };
  extend([], 0);
  return supports;
}
