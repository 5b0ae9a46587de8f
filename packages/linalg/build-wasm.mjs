// Compiles assembly/ to WebAssembly twice, with and without relaxed SIMD (fused multiply-add), and writes both as
// base64 into src/generated/simd-modules.ts, so that the package needs no file access at run time.
import asc from 'assemblyscript/asc';
import { compileAssembly, RELAXED_SIMD, writeIfChanged } from '../../tools/compile-assembly.mjs';

const folder = new URL('./', import.meta.url);
const simd = await compileAssembly(asc, folder);
const relaxed = await compileAssembly(asc, folder, RELAXED_SIMD);
const text = [
  '/** Compiled from assembly/ by build-wasm.mjs. */',
  `export const SIMD_MODULE =\n  '${simd.toString('base64')}';`,
  '/** The same with fused multiply-add. */',
  `export const RELAXED_SIMD_MODULE =\n  '${relaxed.toString('base64')}';`,
  '',
].join('\n');
await writeIfChanged(new URL('src/generated/simd-modules.ts', folder), text);
console.log(`simd-modules.ts: ${simd.length} bytes of SIMD, ${relaxed.length} of relaxed SIMD`);
