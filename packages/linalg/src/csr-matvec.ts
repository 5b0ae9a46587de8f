import { checkDistinct, checkVector } from './checks.js';
import type { CsrMatrix } from './csr.js';
import * as plain from './plain/csr.js';
import { withStaging } from './staging.js';
import { workspaceOf } from './workspace.js';

/** A x. WebAssembly where `a` lives in a workspace. `out` (rows numbers) is overwritten; a new array by default. */
export function csrMatvec(
  a: CsrMatrix,
  x: Float64Array,
  out: Float64Array = new Float64Array(a.rows),
): Float64Array {
  return run('csrMatvec', a, x, a.cols, out, a.rows);
}

/**
 * A^T x, without a transpose in memory. WebAssembly where `a` lives in a workspace. `out` (cols numbers) is overwritten; a
 * new array by default.
 */
export function csrMatvecTransposed(
  a: CsrMatrix,
  x: Float64Array,
  out: Float64Array = new Float64Array(a.cols),
): Float64Array {
  return run('csrMatvecTransposed', a, x, a.rows, out, a.cols);
}

function run(
  kernel: 'csrMatvec' | 'csrMatvecTransposed',
  a: CsrMatrix,
  x: Float64Array,
  given: number,
  out: Float64Array,
  returned: number,
): Float64Array {
  checkVector('x', x, given);
  checkVector('out', out, returned);
  checkDistinct('out', out, 'x', x);
  checkDistinct('out', out, 'a.values', a.values);
  out.fill(0);
  const { rowPointers, columnIndices, values } = a;
  const arena = workspaceOf(values);
  const together = rowPointers.buffer === values.buffer && columnIndices.buffer === values.buffer;
  if (arena?.kernels === undefined || !together) {
    (kernel === 'csrMatvec' ? plain.csrMatvec : plain.csrMatvecTransposed)(a, x, out);
    return out;
  }
  const { kernels } = arena;
  withStaging(arena, (staging) => {
    const [pointers, indices] = [rowPointers.byteOffset, columnIndices.byteOffset];
    kernels[kernel](a.rows, pointers, indices, values.byteOffset, staging.input(x), staging.inout(out));
  });
  return out;
}
