// What the build-wasm.mjs of the packages share: AssemblyScript to WebAssembly to base64 in a TypeScript module, so that published packages
// need no file access for their loops.
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const OPTIONS = '-O3 --converge --noAssert --runtime stub --importMemory --noExportMemory --enable simd';

/** Flags of a module with fused multiply-add. */
export const RELAXED_SIMD = '--enable relaxed-simd';
/** Flags of a module whose memory threads share. */
export const SHARED_MEMORY = '--enable threads --sharedMemory --initialMemory 1 --maximumMemory 65536';

/**
 * Compiles `assembly/index.ts` to a SIMD module of imported memory.
 *
 * @param asc AssemblyScript's compiler (`assemblyscript/asc`), which is a dependency of the package
 * @param folder where `assembly/` stands, a URL that ends in a slash
 * @param flags of the variant: RELAXED_SIMD, SHARED_MEMORY
 */
export async function compileAssembly(asc, folder, ...flags) {
  let binary;
  const list = [OPTIONS, ...flags].join(' ').split(' ');
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'index.wasm', ...list], {
    readFile: (name) => readFile(new URL(`assembly/${name}`, folder), 'utf8').catch(() => null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`asc failed: ${stderr}`, { cause: error });
  return Buffer.from(binary);
}

/** Refuses a module with static data: on memory that is in use already, its instances would overwrite what stands there. */
export function requireNoData(binary) {
  const DATA_SECTION = 11;
  for (let at = 8; at < binary.length; ) {
    if (binary[at++] === DATA_SECTION)
      throw new Error('assembly/ has static data; keep constants in the code.');
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      size |= (binary[at] & 127) << shift;
      more = (binary[at++] & 128) !== 0;
    }
    at += size;
  }
}

/** A TypeScript module of binaries by name, in base64. */
export function modulesText(binaries) {
  const constants = Object.entries(binaries).map(
    ([name, binary]) => `export const ${name}: string =\n  '${binary.toString('base64')}';\n`,
  );
  return `/** Compiled from assembly/ by build-wasm.mjs. */\n${constants.join('')}`;
}

/** Writes a file and its folder. An unchanged file keeps its time stamp, so that tsc -b has nothing to do. */
export async function writeIfChanged(file, text) {
  await mkdir(new URL('.', file), { recursive: true });
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before !== text) await writeFile(file, text);
}
