// Compiles assembly/ to WebAssembly: with and without relaxed SIMD (fused multiply-add), for memory of one thread and for
// memory that threads share. The four modules go as base64 into src/generated/simd-modules.ts, so that the package needs no
// file access for them at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const sources = new Map();
const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory'];
const shared = ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'threads'];

async function compile(...flags) {
  let binary;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'index.wasm', ...options, ...flags], {
    readFile: async (name) => {
      const path = new URL(`./assembly/${name}`, import.meta.url);
      if (!sources.has(name)) sources.set(name, await readFile(path, 'utf8').catch(() => null));
      return sources.get(name);
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`asc failed: ${stderr}`, { cause: error });
  return Buffer.from(binary);
}

const simd = ['--enable', 'simd'];
const relaxed = [...simd, '--enable', 'relaxed-simd'];
const modules = {
  SIMD: await compile(...simd),
  RELAXED_SIMD: await compile(...relaxed),
  SHARED_SIMD: await compile(...simd, ...shared),
  SHARED_RELAXED_SIMD: await compile(...relaxed, ...shared),
};
const text = `/** Compiled from assembly/ by build-wasm.mjs. */\n${Object.entries(modules)
  .map(([name, binary]) => `export const ${name} =\n  '${binary.toString('base64')}';\n`)
  .join('')}`;
const folder = new URL('./src/generated/', import.meta.url);
await mkdir(folder, { recursive: true });
const file = new URL('simd-modules.ts', folder);
// An unchanged file keeps its time stamp, so that tsc -b has nothing to do.
const before = await readFile(file, 'utf8').catch(() => '');
if (before !== text) await writeFile(file, text);
console.log(`simd-modules.ts: ${Object.entries(modules).map(([name, { length }]) => `${name} ${length} bytes`).join(', ')}`);
