import {
  PLAIN_SIMD,
  RELAXED_SIMD,
  SHARED_PLAIN_SIMD,
  SHARED_RELAXED_SIMD,
} from './generated/kernel-modules.js';

/** Whether one thread or several work on a memory. */
export type Sharing = 'single' | 'shared';

const compiled = new Map<Sharing, WebAssembly.Module | undefined>();

/** The best module that the engine accepts, or undefined where it has no WebAssembly SIMD: plain loops then. */
export function kernelModule(sharing: Sharing): WebAssembly.Module | undefined {
  if (!compiled.has(sharing)) compiled.set(sharing, compile(sharing));
  return compiled.get(sharing);
}

function compile(sharing: Sharing): WebAssembly.Module | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const texts = sharing === 'shared' ? [SHARED_RELAXED_SIMD, SHARED_PLAIN_SIMD] : [RELAXED_SIMD, PLAIN_SIMD];
  for (const text of texts) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    if (WebAssembly.validate(bytes)) return new WebAssembly.Module(bytes);
  }
  return undefined;
}

/** Whether threads can share memory here: browsers allow it on cross-origin isolated pages only. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && kernelModule('shared') !== undefined;
}
