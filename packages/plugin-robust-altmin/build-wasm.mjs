// Compiles assembly/ to WebAssembly: with and without relaxed SIMD (fused multiply-add), for memory of one thread and for memory that
// threads share. The four modules go as base64 into src/generated/kernel-modules.ts, so that the package needs no file access.
import asc from 'assemblyscript/asc';
import {
  compileAssembly,
  modulesText,
  RELAXED_SIMD,
  requireNoData,
  SHARED_MEMORY,
  writeIfChanged,
} from '../../tools/compile-assembly.mjs';

const folder = new URL('./', import.meta.url);
const modules = {
  PLAIN_SIMD: await compileAssembly(asc, folder),
  RELAXED_SIMD: await compileAssembly(asc, folder, RELAXED_SIMD),
  SHARED_PLAIN_SIMD: await compileAssembly(asc, folder, SHARED_MEMORY),
  SHARED_RELAXED_SIMD: await compileAssembly(asc, folder, RELAXED_SIMD, SHARED_MEMORY),
};
// Every thread instantiates the module on the same memory.
for (const binary of Object.values(modules)) requireNoData(binary);
await writeIfChanged(new URL('src/generated/kernel-modules.ts', folder), modulesText(modules));
const sizes = Object.entries(modules).map(([name, { length }]) => `${name} ${length}`);
console.log(`kernel-modules.ts: ${sizes.join(', ')} bytes`);
