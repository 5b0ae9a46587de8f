import { concat, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './llama-config.js';

/** Cosines and sines of the angles of some positions, `[positions, headDim / 2]` each. */
export interface RotaryAngles {
  readonly cos: Tensor2D;
  readonly sin: Tensor2D;
}

/**
 * The angles by which rotary embedding turns the heads at `positions`: position x frequency, frequency_j = theta^(-2 j / d),
 * with the configuration's scaling. Computed in float64. The caller disposes of both tensors. With `dynamic` scaling, keys that a cache holds
 * keep the angles of the length at which they came, as in transformers.
 * Source: J. Su et al., "RoFormer", 2021, section 3.2.2; scaling as in the `rope_scaling` field of Hugging Face configurations.
 *
 * @param length of the whole sequence, on which `dynamic` scaling depends
 */
export function rotaryAngles(
  config: DecoderConfig,
  positions: ArrayLike<number>,
  length: number,
): RotaryAngles {
  const frequencies = rotaryFrequencies(config, length);
  const half = frequencies.length;
  const divisor = config.ropeScaling?.type === 'linear' ? config.ropeScaling.factor : 1;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] / divisor;
    for (let j = 0; j < half; j++) {
      const angle = position * frequencies[j];
      cos[i * half + j] = Math.cos(angle);
      sin[i * half + j] = Math.sin(angle);
    }
  }
  const shape: [number, number] = [positions.length, half];
  return { cos: tensor2d(cos, shape), sin: tensor2d(sin, shape) };
}

/** The angles of sequences that stand at different positions, one sequence after the other: `[starts x tokens, headDim / 2]`. */
export function rotaryAnglesOfEach(
  config: DecoderConfig,
  starts: readonly number[],
  tokens: number,
): RotaryAngles {
  return tidy(() => {
    const parts = starts.map((start) => {
      const positions = Int32Array.from({ length: tokens }, (_, i) => start + i);
      return rotaryAngles(config, positions, start + tokens);
    });
    return { cos: concat(parts.map(({ cos }) => cos)), sin: concat(parts.map(({ sin }) => sin)) };
  });
}

/** Radians a position for each of the `headDim / 2` pairs. */
export function rotaryFrequencies(config: DecoderConfig, length: number): Float64Array {
  const { headDim: d, ropeTheta, ropeScaling } = config;
  let theta = ropeTheta;
  if (ropeScaling?.type === 'dynamic' && length > ropeScaling.originalContextLength) {
    const { factor, originalContextLength } = ropeScaling;
    theta *= ((factor * length) / originalContextLength - (factor - 1)) ** (d / (d - 2));
  }
  const frequencies = Float64Array.from({ length: d / 2 }, (_, j) => theta ** ((-2 * j) / d));
  if (ropeScaling?.type !== 'llama3') return frequencies;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = ropeScaling;
  return frequencies.map((frequency) => {
    const turns = (originalContextLength * frequency) / (2 * Math.PI);
    if (turns > high) return frequency;
    if (turns < low) return frequency / factor;
    const kept = (turns - low) / (high - low);
    return frequency * (kept + (1 - kept) / factor);
  });
}
