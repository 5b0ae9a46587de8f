import { RELAXED_SIMD_MODULE, SIMD_MODULE } from './generated/simd-modules.js';

/** `relaxed`: SIMD with fused multiply-add; `simd`: the WebAssembly SIMD of every present engine; `none`: plain loops. */
export type SimdLevel = 'relaxed' | 'simd' | 'none';

/** What {@link loadSimd} and {@link createWorkspace} work with. */
interface CompiledSimd {
  readonly level: SimdLevel;
  readonly module: WebAssembly.Module | undefined;
}

const compiled = new Map<SimdLevel, CompiledSimd>();
let detected: SimdLevel | undefined;

/**
 * Compiles the SIMD loops (about 24 kB) without blocking, once for the process, and tells what the engine offers.
 * Needed only on the main thread of browsers that refuse synchronous compilation; harmless elsewhere.
 */
export async function loadSimd(): Promise<SimdLevel> {
  const level = detectLevel();
  if (!compiled.has(level)) {
    const module = level === 'none' ? undefined : await WebAssembly.compile(moduleBytes(level));
    compiled.set(level, { level, module });
  }
  return level;
}

/** The compiled loops of a level (by default the best that the engine has), compiled on the spot if need be. @internal */
export function compileSimd(level: SimdLevel = detectLevel()): CompiledSimd {
  let found = compiled.get(level);
  if (found === undefined) {
    found = { level, module: level === 'none' ? undefined : compileNow(level) };
    compiled.set(level, found);
  }
  return found;
}

/** What the engine accepts, by asking it to validate the very modules. */
function detectLevel(): SimdLevel {
  detected ??=
    typeof WebAssembly === 'undefined'
      ? 'none'
      : WebAssembly.validate(moduleBytes('relaxed'))
        ? 'relaxed'
        : WebAssembly.validate(moduleBytes('simd'))
          ? 'simd'
          : 'none';
  return detected;
}

function compileNow(level: 'relaxed' | 'simd'): WebAssembly.Module {
  try {
    return new WebAssembly.Module(moduleBytes(level));
  } catch (cause) {
    throw new Error(
      'This engine refuses to compile WebAssembly synchronously here. Call `await loadSimd()` once before the first ' +
        'createWorkspace or matrix product.',
      { cause },
    );
  }
}

function moduleBytes(level: 'relaxed' | 'simd'): Uint8Array<ArrayBuffer> {
  const text = atob(level === 'relaxed' ? RELAXED_SIMD_MODULE : SIMD_MODULE);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
