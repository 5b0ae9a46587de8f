// Compiles assembly/ to WebAssembly: with and without relaxed SIMD (fused multiply-add), for memory of one thread and for memory that
// threads share. The four modules go as base64 into src/generated/kernel-modules.ts, so that the package needs no file access.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const options = '-O3 --converge --noAssert --runtime stub --importMemory --noExportMemory --enable simd';
const relaxed = '--enable relaxed-simd';
const shared = '--enable threads --sharedMemory --initialMemory 1 --maximumMemory 65536';

async function compile(...flags) {
  let binary;
  const list = [options, ...flags].join(' ').split(' ');
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'index.wasm', ...list], {
    readFile: (name) => readFile(new URL(`./assembly/${name}`, import.meta.url), 'utf8').catch(() => null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`asc failed: ${stderr}`, { cause: error });
  return Buffer.from(binary).toString('base64');
}

const modules = {
  PLAIN_SIMD: await compile(),
  RELAXED_SIMD: await compile(relaxed),
  SHARED_PLAIN_SIMD: await compile(shared),
  SHARED_RELAXED_SIMD: await compile(relaxed, shared),
};
const folder = new URL('./src/generated/', import.meta.url);
await mkdir(folder, { recursive: true });
const file = new URL('kernel-modules.ts', folder);
const lines = Object.entries(modules).map(([name, text]) => `export const ${name}: string =\n  '${text}';\n`);
const text = `/** Compiled from assembly/ by build-wasm.mjs. */\n${lines.join('')}`;
// An unchanged file keeps its time stamp, so that tsc -b has nothing to do.
if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text);
const sizes = Object.entries(modules).map(([name, code]) => `${name} ${Math.ceil(code.length * 0.75)}`);
console.log(`kernel-modules.ts: ${sizes.join(', ')} bytes`);
