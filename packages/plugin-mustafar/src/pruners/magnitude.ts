import { markAboveThreshold } from './keep-count.js';

/** Per token: the largest magnitudes of each row of `[tokens, d]` stay (Mustafar, Kt_Mag and Vt_Mag). */
export function tokenMagnitude(x: Float32Array, d: number, sparsity: number): Uint8Array {
  const mask = new Uint8Array(x.length);
  for (let start = 0; start < x.length; start += d) markAboveThreshold(x, mask, start, d, 1, sparsity);
  return mask;
}

/** Per channel, in groups of consecutive tokens (Vc_Mag); a last group that is not full stays dense. */
export function channelMagnitude(
  x: Float32Array,
  d: number,
  sparsity: number,
  groupSize: number,
): Uint8Array {
  const mask = new Uint8Array(x.length);
  const tokens = x.length / d;
  const whole = tokens - (tokens % groupSize);
  for (let group = 0; group < whole; group += groupSize)
    for (let channel = 0; channel < d; channel++)
      markAboveThreshold(x, mask, group * d + channel, groupSize, d, sparsity);
  return mask.fill(1, whole * d);
}
