import { whole } from './arguments';
import { at, multiplyAdd, splat } from './lanes';

/*
 * Gradients of the depthwise convolution: each channel has `multiplier` filters of its own; output channel = channel * multiplier
 * + q. Arguments: image (x or its gradient), filter (or its gradient), dy; images, height, width, channels, multiplier; height and
 * width of the output; of the filter; strides (down, across); dilations; padding (top, left).
 */
const IMAGE: usize = 0;
const FILTER: usize = 1;
const DY: usize = 2;
const IMAGES: usize = 3;
const HEIGHT: usize = 4;
const WIDTH: usize = 5;
const CHANNELS: usize = 6;
const MULTIPLIER: usize = 7;
const OUT_HEIGHT: usize = 8;
const OUT_WIDTH: usize = 9;
const FILTER_HEIGHT: usize = 10;
const FILTER_WIDTH: usize = 11;
const STRIDE_DOWN: usize = 12;
const STRIDE_ACROSS: usize = 13;
const DILATION_DOWN: usize = 14;
const DILATION_ACROSS: usize = 15;
const TOP: usize = 16;
const LEFT: usize = 17;

/** dx of a row of pixels. Index: image * height + row. */
export function depthwiseInputGradientPiece(args: usize, first: usize, last: usize): void {
  const height = whole(args, HEIGHT);
  const width = whole(args, WIDTH);
  const channels = whole(args, CHANNELS);
  const multiplier = whole(args, MULTIPLIER);
  const outHeight = whole(args, OUT_HEIGHT);
  const outWidth = whole(args, OUT_WIDTH);
  const down = whole(args, STRIDE_DOWN);
  const across = whole(args, STRIDE_ACROSS);
  for (let i = first; i < last; i++) {
    const image = i / height;
    const line = (i % height) + whole(args, TOP);
    const target = at(whole(args, IMAGE), i * width * channels);
    memory.fill(target, 0, (width * channels) << 2);
    for (let pixel: usize = 0; pixel < width; pixel++) {
      for (let fy: usize = 0; fy < whole(args, FILTER_HEIGHT); fy++) {
        const y = line - fy * whole(args, DILATION_DOWN);
        if (y % down != 0 || y / down >= outHeight) continue;
        for (let fx: usize = 0; fx < whole(args, FILTER_WIDTH); fx++) {
          const x = pixel + whole(args, LEFT) - fx * whole(args, DILATION_ACROSS);
          if (x % across != 0 || x / across >= outWidth) continue;
          const place = (image * outHeight + y / down) * outWidth + x / across;
          addProducts(
            at(target, pixel * channels),
            at(whole(args, DY), place * channels * multiplier),
            at(whole(args, FILTER), (fy * whole(args, FILTER_WIDTH) + fx) * channels * multiplier),
            channels,
            multiplier,
          );
        }
      }
    }
  }
}

/** sum_c += sum_q a_{c,q} b_{c,q} */
function addProducts(sum: usize, a: usize, b: usize, channels: usize, multiplier: usize): void {
  let c: usize = 0;
  if (multiplier == 1) {
    for (; c + 4 <= channels; c += 4) {
      v128.store(at(sum, c), multiplyAdd(v128.load(at(a, c)), v128.load(at(b, c)), v128.load(at(sum, c))));
    }
  }
  for (; c < channels; c++) {
    let total = load<f32>(at(sum, c));
    for (let q: usize = 0; q < multiplier; q++) {
      total += load<f32>(at(a, c * multiplier + q)) * load<f32>(at(b, c * multiplier + q));
    }
    store<f32>(at(sum, c), total);
  }
}

/** The filter's gradient at one position of the filter, for a block of four channels. Index: position * blocks + block. */
export function depthwiseFilterGradientPiece(args: usize, first: usize, last: usize): void {
  const channels = whole(args, CHANNELS);
  const multiplier = whole(args, MULTIPLIER);
  const blocks = (channels + 3) / 4;
  for (let i = first; i < last; i++) {
    const position = i / blocks;
    const channel = (i % blocks) * 4;
    const target = at(whole(args, FILTER), (position * channels + channel) * multiplier);
    if (multiplier == 1 && channel + 4 <= channels) {
      v128.store(target, fourChannels(args, position, channel));
    } else {
      for (let c: usize = channel; c < min(channel + 4, channels); c++) {
        for (let q: usize = 0; q < multiplier; q++) {
          store<f32>(at(target, (c - channel) * multiplier + q), oneChannel(args, position, c, q));
        }
      }
    }
  }
}

function fourChannels(args: usize, position: usize, channel: usize): v128 {
  const channels = whole(args, CHANNELS);
  let total = splat(0);
  for (let image: usize = 0; image < whole(args, IMAGES); image++) {
    for (let row: usize = 0; row < whole(args, OUT_HEIGHT); row++) {
      const line = lineOf(args, position, image, row);
      if (line == usize.MAX_VALUE) continue;
      let sum = splat(0);
      for (let column: usize = 0; column < whole(args, OUT_WIDTH); column++) {
        const x = columnOf(args, position, column);
        if (x >= whole(args, WIDTH)) continue;
        const dy = at(whole(args, DY), placeOf(args, image, row, column) * channels + channel);
        sum = multiplyAdd(v128.load(at(line, x * channels + channel)), v128.load(dy), sum);
      }
      total = f32x4.add(total, sum);
    }
  }
  return total;
}

function oneChannel(args: usize, position: usize, channel: usize, q: usize): f32 {
  const channels = whole(args, CHANNELS);
  const multiplier = whole(args, MULTIPLIER);
  let total: f32 = 0;
  for (let image: usize = 0; image < whole(args, IMAGES); image++) {
    for (let row: usize = 0; row < whole(args, OUT_HEIGHT); row++) {
      const line = lineOf(args, position, image, row);
      if (line == usize.MAX_VALUE) continue;
      let sum: f32 = 0;
      for (let column: usize = 0; column < whole(args, OUT_WIDTH); column++) {
        const x = columnOf(args, position, column);
        if (x >= whole(args, WIDTH)) continue;
        const dy = (placeOf(args, image, row, column) * channels + channel) * multiplier + q;
        sum += load<f32>(at(line, x * channels + channel)) * load<f32>(at(whole(args, DY), dy));
      }
      total += sum;
    }
  }
  return total;
}

/** Address of the row of the image that an output row reads at this position of the filter; the largest number outside of it. */
@inline
function lineOf(args: usize, position: usize, image: usize, row: usize): usize {
  const fy = position / whole(args, FILTER_WIDTH);
  const y = row * whole(args, STRIDE_DOWN) + fy * whole(args, DILATION_DOWN) - whole(args, TOP);
  if (y >= whole(args, HEIGHT)) return usize.MAX_VALUE;
  const line = (image * whole(args, HEIGHT) + y) * whole(args, WIDTH);
  return at(whole(args, IMAGE), line * whole(args, CHANNELS));
}

/** The column of the image that an output column reads; huge outside of it. */
@inline
function columnOf(args: usize, position: usize, column: usize): usize {
  const fx = position % whole(args, FILTER_WIDTH);
  return column * whole(args, STRIDE_ACROSS) + fx * whole(args, DILATION_ACROSS) - whole(args, LEFT);
}

@inline
function placeOf(args: usize, image: usize, row: usize, column: usize): usize {
  return (image * whole(args, OUT_HEIGHT) + row) * whole(args, OUT_WIDTH) + column;
}
