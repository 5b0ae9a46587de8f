import { createRequire } from 'node:module';
import { messageOf } from '@espalier/core';
import type { Blas, BlasSearch } from './platform.js';

type Koffi = typeof import('koffi');

/** Where systems keep a BLAS with the C interface, best first. */
const LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: [
    'libopenblas.so.0',
    'libopenblas.so',
    'libmkl_rt.so.2',
    'libmkl_rt.so.1',
    'libmkl_rt.so',
    'libblis.so.4',
  ],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: ['libopenblas.dll', 'openblas.dll', 'mkl_rt.2.dll', 'mkl_rt.dll'],
};

const INSTALL: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'Install OpenBLAS for faster matrix products (Debian: apt-get install libopenblas0-pthread).',
  darwin: 'Accelerate is part of macOS; name another library with ESPALIER_BLAS=path.',
  win32: 'Put libopenblas.dll into PATH, or name it with ESPALIER_BLAS=path.',
};

/**
 * Looks for a native BLAS.
 * @param setting value of `ESPALIER_BLAS`: `off`, the path of a library, or undefined for the usual places
 * @param threads how many threads it may use
 */
export async function findBlas(setting: string | undefined, threads: number): Promise<BlasSearch> {
  if (setting === 'off') {
    return {
      found: false,
      severity: 'optional',
      reason: 'ESPALIER_BLAS is off.',
      remedy: 'Unset it to use the BLAS of the system.',
    };
  }
  const severity = setting ? 'wanted' : 'optional';
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return {
      found: false,
      severity,
      reason: `The package koffi, which calls native libraries, cannot be loaded: ${messageOf(error)}.`,
      remedy: 'Install it with npm install koffi, or set ESPALIER_BLAS=off.',
    };
  }
  const paths = setting ? [setting] : (LIBRARIES[process.platform] ?? []);
  const failures: string[] = [];
  for (const path of paths) {
    try {
      return { found: true, blas: openBlas(koffi, path, threads) };
    } catch (error) {
      failures.push(`${path}: ${messageOf(error)}`);
    }
  }
  return setting
    ? {
        found: false,
        severity,
        reason: `ESPALIER_BLAS names a library that cannot be used: ${failures.join('; ')}.`,
        remedy: 'Give the path of a BLAS with the C interface (cblas_sgemm), or ESPALIER_BLAS=off.',
      }
    : {
        found: false,
        severity,
        reason: `No BLAS was found (looked for ${paths.join(', ') || `none on ${process.platform}`}).`,
        remedy: INSTALL[process.platform] ?? 'Name one with ESPALIER_BLAS=path.',
      };
}

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;

function openBlas(koffi: Koffi, path: string, threads: number): Blas {
  // OpenBLAS lets idle threads spin for 2^26 cycles by default, on the cores that our own threads then need; it reads this
  // when it is loaded.
  process.env.OPENBLAS_THREAD_TIMEOUT ??= '14';
  const library = koffi.load(path);
  const gemm = library.func('cblas_sgemm', 'void', [
    ...['int', 'int', 'int', 'int', 'int', 'int', 'float'],
    ...['uintptr_t', 'int', 'uintptr_t', 'int', 'float', 'uintptr_t', 'int'],
  ]);
  const optional = (name: string, result: string, parameters: string[]) => {
    try {
      return library.func(name, result, parameters);
    } catch {
      return undefined;
    }
  };
  const setThreads =
    optional('openblas_set_num_threads', 'void', ['int']) ?? optional('MKL_Set_Num_Threads', 'void', ['int']);
  const config = optional('openblas_get_config', 'str', [])?.() as string | undefined;
  if (config?.includes('USE64BITINT'))
    throw new Error('it was built with 64-bit integers, 32-bit ones are needed');
  setThreads?.(threads);
  const blas: Blas = {
    name: config?.split(' ').slice(0, 2).join(' ') ?? path,
    path,
    threads: setThreads ? threads : 0,
    addressOf: (buffer) => Number(koffi.address(new Uint8Array(buffer))),
    sgemm(transposeA, transposeB, m, n, k, a, aRow, b, bRow, beta, c, cRow) {
      const A = transposeA ? TRANSPOSE : NO_TRANSPOSE;
      const B = transposeB ? TRANSPOSE : NO_TRANSPOSE;
      gemm(ROW_MAJOR, A, B, m, n, k, 1, a, aRow, b, bRow, beta, c, cRow);
    },
  };
  proveProduct(blas);
  return blas;
}

/** A library that answers to the name but computes something else is refused. */
function proveProduct(blas: Blas): void {
  const numbers = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0);
  const base = blas.addressOf(numbers.buffer);
  blas.sgemm(false, true, 2, 2, 2, base, 2, base + 16, 2, 0, base + 32, 2);
  const product = [...numbers.subarray(8)].join(' ');
  if (product !== '17 23 39 53') throw new Error(`its product of two small matrices is wrong (${product})`);
}
