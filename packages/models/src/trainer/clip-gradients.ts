import type { NamedTensors } from '@espalier/core';
import {
  abs,
  addN,
  max,
  maximum,
  mul,
  type Scalar,
  square,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/** Gradients, and what they were multiplied by: new tensors unless that is 1. */
export interface ClippedGradients {
  readonly gradients: NamedTensors;
  readonly scale: number;
}

/** Gradients scaled so that their norm over all of them is at most `limit`; ones that are not finite stay as they are. */
export async function clipGradients(gradients: NamedTensors, limit: number): Promise<ClippedGradients> {
  const norm = await normOf(Object.values(gradients));
  if (!(norm > limit && Number.isFinite(norm))) return { gradients, scale: 1 };
  const scale = limit / norm;
  const scaled = Object.entries(gradients).map(([name, each]) => [name, mul(each, scale)]);
  return { gradients: Object.fromEntries(scaled), scale };
}

/** Powers of two that float32 holds in full precision. */
const LARGEST_EXPONENT = 126;

async function normOf(tensors: readonly Tensor[]): Promise<number> {
  if (tensors.length === 0) return 0;
  const squares = await numberOf(() => addN(tensors.map((each) => sum(square(each)) as Scalar)));
  if (squares > 0 && Number.isFinite(squares)) return Math.sqrt(squares);
  // Squares of large numbers leave the range of float32, and those of small ones vanish in it.
  const largest = await numberOf(() =>
    tensors.map((each) => max(abs(each)) as Scalar).reduce((a, b) => maximum(a, b)),
  );
  if (!(largest > 0 && Number.isFinite(largest))) return largest;
  const exponent = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, -Math.floor(Math.log2(largest))));
  const unit = 2 ** exponent;
  const scaled = await numberOf(() => addN(tensors.map((each) => sum(square(mul(each, unit))) as Scalar)));
  return Math.sqrt(scaled) / unit;
}

async function numberOf(make: () => Tensor): Promise<number> {
  const made = tidy(make);
  const [value] = await made.data();
  made.dispose();
  return value;
}
