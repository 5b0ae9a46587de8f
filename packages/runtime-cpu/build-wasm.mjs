// Compiles assembly/ to WebAssembly: with and without relaxed SIMD (fused multiply-add), for memory of one thread and for
// memory that threads share. The four modules go as base64 into src/generated/simd-modules.ts, so that the package needs no
// file access for them at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
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
  requireNoData(binary);
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
  .map(([name, binary]) => `export const ${name}: string =\n  '${binary.toString('base64')}';\n`)
  .join('')}`;
const folder = new URL('./src/generated/', import.meta.url);
await mkdir(folder, { recursive: true });
await write('simd-modules.ts', text);

// tfjs's own files, for browsers: whatever bundles the page, they come with it.
const { resolve } = createRequire(import.meta.url);
for (const build of ['simd', 'threaded-simd']) {
  const binary = await readFile(
    resolve(`@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-${build}.wasm`),
  );
  const note = `/** tfjs-backend-wasm-${build}.wasm of @tensorflow/tfjs-backend-wasm, Copyright Google LLC, Apache License 2.0. */`;
  await write(
    `tfjs-wasm-${build}.ts`,
    `${note}\nexport const TFJS_WASM: string =\n  '${binary.toString('base64')}';\n`,
  );
}

async function write(name, content) {
  const file = new URL(name, folder);
  // An unchanged file keeps its time stamp, so that tsc -b has nothing to do.
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before !== content) await writeFile(file, content);
}

/** The memory belongs to tfjs's module: data of ours would overwrite its own. */
function requireNoData(binary) {
  const DATA_SECTION = 11;
  for (let at = 8; at < binary.length; ) {
    if (binary[at++] === DATA_SECTION)
      throw new Error('assembly/ has static data; keep constants in constants.ts.');
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      size |= (binary[at] & 127) << shift;
      more = (binary[at++] & 128) !== 0;
    }
    at += size;
  }
}
console.log(
  `simd-modules.ts: ${Object.entries(modules)
    .map(([name, { length }]) => `${name} ${length} bytes`)
    .join(', ')}`,
);
