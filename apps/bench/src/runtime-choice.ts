import { messageOf, type Registry, selectRuntime } from '@espalier/core';
import type { ResultsFile } from './results/results-file.js';

/**
 * The runtime for what speaks tensors. Where none is available, `auto` gives `none`, and why: solvers run without one.
 * @throws RuntimeUnavailableError when `wanted` is a name and that runtime is not available
 */
export async function chooseRuntime(wanted: string, registry: Registry): Promise<ResultsFile['runtime']> {
  try {
    const { runtime, why } = await selectRuntime(wanted, registry.runtimes());
    return { name: runtime.name, why };
  } catch (thrown) {
    if (wanted !== 'auto') throw thrown;
    return { name: 'none', why: `${messageOf(thrown)} Solvers and dynamic algorithms need none.` };
  }
}
