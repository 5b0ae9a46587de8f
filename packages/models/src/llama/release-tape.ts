import { engine } from '@tensorflow/tfjs-core';

/**
 * Runs what takes gradients. The engine keeps what a backward pass will need, out of the reach of `tidy`; where the forward pass throws, that
 * pass never comes, and here it is disposed of.
 */
export function releasingTape<T>(takeGradients: () => T): T {
  try {
    return takeGradients();
  } catch (error) {
    const { state } = engine();
    // Within an outer gradient the tape is that one's, which goes on.
    if (state.gradientDepth === 0)
      for (const { saved } of state.activeTape ?? []) for (const tensor of saved ?? []) tensor.dispose();
    throw error;
  }
}
