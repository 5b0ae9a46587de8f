import {
  pad,
  reshape,
  slice,
  stack,
  stridedSlice,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';

/** How a convolution reads an image; images are `[batch, height, width, channels]`. */
export interface ConvolutionGeometry {
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * What a convolution multiplies by its `[out, in * kh * kw]` weight: a row `[in * kh * kw]` (input channels times kernel positions) for each
 * output position; with `separately`, a row `[kh * kw]` for each output position and channel, as depthwise convolutions read them.
 */
export function imagePatches(
  images: Tensor4D,
  { kernel, strides, dilation, padding }: ConvolutionGeometry,
  channels: 'together' | 'separately' = 'together',
): Tensor2D {
  const [batch, height, width, depth] = images.shape;
  const rows = outputSide(height, kernel[0], strides[0], dilation[0], padding);
  const columns = outputSide(width, kernel[1], strides[1], dilation[1], padding);
  return tidy(() => {
    const padded = pad(images, [[0, 0], [...rows.padding], [...columns.padding], [0, 0]]);
    const shifted: Tensor4D[] = [];
    for (let y = 0; y < kernel[0]; y++) {
      for (let x = 0; x < kernel[1]; x++) {
        const [top, left] = [y * dilation[0], x * dilation[1]];
        const [high, wide] = [(rows.size - 1) * strides[0] + 1, (columns.size - 1) * strides[1] + 1];
        shifted.push(
          strides[0] === 1 && strides[1] === 1
            ? slice(padded, [0, top, left, 0], [batch, high, wide, depth])
            : (stridedSlice(
                padded,
                [0, top, left, 0],
                [batch, top + high, left + wide, depth],
                [1, strides[0], strides[1], 1],
              ) as Tensor4D),
        );
      }
    }
    const positions = kernel[0] * kernel[1];
    const inputs = channels === 'together' ? depth * positions : positions;
    return reshape(stack(shifted, 4), [-1, inputs]);
  });
}

/** Output size of one axis, and the zeros before and after it. */
export function outputSide(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: 'same' | 'valid',
): { readonly size: number; readonly padding: readonly [before: number, after: number] } {
  const span = (kernel - 1) * dilation + 1;
  if (padding === 'valid') return { size: Math.floor((size - span) / stride) + 1, padding: [0, 0] };
  const output = Math.ceil(size / stride);
  const zeros = Math.max(0, (output - 1) * stride + span - size);
  const before = Math.floor(zeros / 2);
  return { size: output, padding: [before, zeros - before] };
}
