// Compiles assembly/ to WebAssembly: with and without relaxed SIMD (fused multiply-add), for memory of one thread and for
// memory that threads share. The four modules go as base64 into src/generated/simd-modules.ts, so that the package needs no
// file access for them at run time.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
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
const generated = new URL('src/generated/', folder);
const modules = {
  SIMD: await compileAssembly(asc, folder),
  RELAXED_SIMD: await compileAssembly(asc, folder, RELAXED_SIMD),
  SHARED_SIMD: await compileAssembly(asc, folder, SHARED_MEMORY),
  SHARED_RELAXED_SIMD: await compileAssembly(asc, folder, RELAXED_SIMD, SHARED_MEMORY),
};
// The memory belongs to tfjs's module: data of ours would overwrite its own.
for (const binary of Object.values(modules)) requireNoData(binary);
await writeIfChanged(new URL('simd-modules.ts', generated), modulesText(modules));

// tfjs's own files, for browsers: whatever bundles the page, they come with it.
const { resolve } = createRequire(import.meta.url);
for (const build of ['simd', 'threaded-simd']) {
  const binary = await readFile(
    resolve(`@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-${build}.wasm`),
  );
  const note = `/** tfjs-backend-wasm-${build}.wasm of @tensorflow/tfjs-backend-wasm, Copyright Google LLC, Apache License 2.0. */`;
  await writeIfChanged(
    new URL(`tfjs-wasm-${build}.ts`, generated),
    `${note}\nexport const TFJS_WASM: string =\n  '${binary.toString('base64')}';\n`,
  );
}
console.log(
  `simd-modules.ts: ${Object.entries(modules)
    .map(([name, { length }]) => `${name} ${length} bytes`)
    .join(', ')}`,
);
