import { findBackend, getBackend, setBackend } from '@tensorflow/tfjs-core';
import { assert } from '../check.js';

/** Makes a registered backend the active one. @throws Error when it is not registered or cannot be initialised */
export async function select(backend: string): Promise<void> {
  assert(findBackend(backend) !== null, `The backend '${backend}' is not registered.`);
  assert(await setBackend(backend), `The backend '${backend}' cannot be initialised.`);
}

/** Runs `work`, and makes the backend active again that was so before, if there was one. */
export async function keepingBackend(work: () => Promise<void>): Promise<void> {
  const before: string | undefined = getBackend();
  try {
    await work();
  } finally {
    if (before) await setBackend(before);
  }
}
