import { defineRuntime, type KernelReport, type Probe, RuntimeUnavailableError } from '@espalier/core';
import {
  engine,
  getKernelsForBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { findBlas, registerGradients, setting } from '#platform';
import type { Context } from './context.js';
import { registerEinsumGradient } from './einsum-gradient.js';
import { allKernels } from './kernels/all-kernels.js';
import { BACKEND, type KernelDefinition } from './override.js';
import type { BlasSearch } from './platform.js';
import { createSimd } from './simd.js';
import { threadCount } from './threads.js';
import { createWasmBackend } from './wasm-module.js';

/**
 * The default runtime: tfjs's wasm backend, set up without network, completed with the kernels that training needs, with our
 * own SIMD loops on all cores and the system's BLAS where there is one.
 *
 * `ESPALIER_BLAS=off|path` turns the native BLAS off or names it; `ESPALIER_THREADS=n` limits threads (default: all cores).
 */
export const cpuRuntime = defineRuntime({
  name: 'cpu',
  summary: 'WebAssembly on all cores, with the native BLAS of the system where there is one.',
  backend: BACKEND,
  preference: 0,
  probe,
  activate,
  kernels: describeKernels,
});

/** Whether WebAssembly with SIMD works here, and what this runtime would use. */
async function probe(): Promise<Probe> {
  if (!WebAssembly.validate(SIMD_PROBE)) {
    return {
      available: false,
      reason: 'This engine has no WebAssembly SIMD.',
      remedy: 'Use Node 22 or later, or a browser of 2023 or later.',
    };
  }
  const threads = threadCount();
  const search = await searchBlas(threads);
  if (!search.found && search.severity === 'wanted') {
    return { available: false, reason: search.reason, remedy: search.remedy };
  }
  return {
    available: true,
    device: {
      threads,
      blas: search.found ? search.blas.name : `none: ${search.reason} ${search.remedy}`,
    },
  };
}

/** A module with one SIMD instruction. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

let activation: Promise<void> | undefined;
let definitions: readonly KernelDefinition[] = [];

/**
 * Sets the backend up, once, and selects it.
 * @throws RuntimeUnavailableError when `ESPALIER_BLAS` names a library that cannot be used
 */
async function activate(): Promise<void> {
  activation ??= setUp().catch((error) => {
    activation = undefined;
    throw error;
  });
  await activation;
  await setBackend(BACKEND);
}

async function setUp(): Promise<void> {
  const threads = threadCount();
  const search = await searchBlas(threads);
  if (!search.found && search.severity === 'wanted') {
    throw new RuntimeUnavailableError(search.reason, { remedy: search.remedy });
  }
  await registerGradients();
  registerEinsumGradient();
  const wasm = await createWasmBackend(threads > 1);
  const context: Context = {
    ...wasm,
    simd: await createSimd(wasm, threads),
    blas: search.found ? search.blas : undefined,
  };
  definitions = allKernels(context);
  for (const definition of definitions) definition.register();
  // tfjs registers a factory of its own when it is imported; ours takes its place.
  if (BACKEND in engine().registryFactory) removeBackend(BACKEND);
  registerBackend(BACKEND, () => wasm.backend, 2);
}

let blasSearch: Promise<BlasSearch> | undefined;

/** One search a process: a native library stays loaded. */
function searchBlas(threads: number): Promise<BlasSearch> {
  blasSearch ??= findBlas(setting('ESPALIER_BLAS'), threads);
  return blasSearch;
}

/** Which implementation each kernel of the active backend has; empty before `activate`. */
export function describeKernels(): readonly KernelReport[] {
  if (definitions.length === 0) return [];
  const ours = new Map(definitions.map((definition) => [definition.name, definition]));
  return getKernelsForBackend(BACKEND)
    .map(({ kernelName }) => {
      const own = ours.get(kernelName);
      const implementation = own
        ? own.otherwise
          ? `${own.implementation}; other dtypes: ${own.otherwise}`
          : own.implementation
        : 'wasm';
      return { kernel: kernelName, implementation };
    })
    .sort((a, b) => (a.kernel < b.kernel ? -1 : 1));
}
