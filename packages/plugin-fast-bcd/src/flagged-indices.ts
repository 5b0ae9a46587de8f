/** The places of the entries that are 1, ascending. */
export function flaggedIndices(flags: Uint8Array): Int32Array {
  let count = 0;
  for (let i = 0; i < flags.length; i++) count += flags[i];
  const indices = new Int32Array(count);
  let k = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] === 1) indices[k++] = i;
  return indices;
}
