// Compiles assembly/ to WebAssembly twice, with and without relaxed SIMD (fused multiply-add), and writes both as
// base64 into src/generated/simd-modules.ts, so that the package needs no file access at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const sources = new Map();
const options = [
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--noExportMemory',
];

async function compile(features) {
  let binary;
  const { error, stderr } = await asc.main(
    ['index.ts', '--outFile', 'index.wasm', ...options, ...features.flatMap((name) => ['--enable', name])],
    {
      readFile: async (name) => {
        const path = new URL(`./assembly/${name}`, import.meta.url);
        if (!sources.has(name)) sources.set(name, await readFile(path, 'utf8').catch(() => null));
        return sources.get(name);
      },
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`asc failed: ${stderr}`, { cause: error });
  return Buffer.from(binary);
}

const simd = await compile(['simd']);
const relaxed = await compile(['simd', 'relaxed-simd']);
const folder = new URL('./src/generated/', import.meta.url);
await mkdir(folder, { recursive: true });
const file = new URL('simd-modules.ts', folder);
const text = [
  '/** Compiled from assembly/ by build-wasm.mjs. */',
  `export const SIMD_MODULE =\n  '${simd.toString('base64')}';`,
  '/** The same with fused multiply-add. */',
  `export const RELAXED_SIMD_MODULE =\n  '${relaxed.toString('base64')}';`,
  '',
].join('\n');
// An unchanged file keeps its time stamp, so that tsc -b has nothing to do.
const before = await readFile(file, 'utf8').catch(() => '');
if (before !== text) await writeFile(file, text);
console.log(`simd-modules.ts: ${simd.length} bytes of SIMD, ${relaxed.length} of relaxed SIMD`);
