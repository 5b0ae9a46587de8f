import { whole } from './arguments';
import { at } from './lanes';

/*
 * Convolution as a matrix product: the patch under each output pixel becomes a row of filter height x filter width x channels
 * numbers. Arguments: image, columns; height and width of the image, channels; height and width of the output; of the filter;
 * strides (down, across); dilations; padding (top, left).
 */
const IMAGE: usize = 0;
const COLUMNS: usize = 1;
const IN_HEIGHT: usize = 2;
const IN_WIDTH: usize = 3;
const CHANNELS: usize = 4;
const OUT_HEIGHT: usize = 5;
const OUT_WIDTH: usize = 6;
const FILTER_HEIGHT: usize = 7;
const FILTER_WIDTH: usize = 8;
const STRIDE_DOWN: usize = 9;
const STRIDE_ACROSS: usize = 10;
const DILATION_DOWN: usize = 11;
const DILATION_ACROSS: usize = 12;
const TOP: usize = 13;
const LEFT: usize = 14;

/**
 * Copies the patches of rows of output pixels to `columns`, those of row `first` first. Index: image * output height + row.
 */
export function imageToColumnsPiece(args: usize, first: usize, last: usize, columns: usize): void {
  const height = whole(args, IN_HEIGHT);
  const width = whole(args, IN_WIDTH);
  const channels = whole(args, CHANNELS);
  const outHeight = whole(args, OUT_HEIGHT);
  const outWidth = whole(args, OUT_WIDTH);
  const filterHeight = whole(args, FILTER_HEIGHT);
  const filterWidth = whole(args, FILTER_WIDTH);
  const across = whole(args, STRIDE_ACROSS);
  const dilation = whole(args, DILATION_ACROSS);
  let target = columns;
  for (let i = first; i < last; i++) {
    const image = at(whole(args, IMAGE), (i / outHeight) * height * width * channels);
    const top = (i % outHeight) * whole(args, STRIDE_DOWN) - whole(args, TOP);
    for (let column: usize = 0; column < outWidth; column++) {
      const left = column * across - whole(args, LEFT);
      for (let fy: usize = 0; fy < filterHeight; fy++) {
        // Left of or above the image the unsigned difference is huge, so one comparison tests both borders.
        const y = top + fy * whole(args, DILATION_DOWN);
        if (dilation == 1 && y < height && left < width && left + filterWidth <= width) {
          // A line of the patch lies in one piece.
          copy(target, at(image, (y * width + left) * channels), filterWidth * channels);
          target = at(target, filterWidth * channels);
          continue;
        }
        for (let fx: usize = 0; fx < filterWidth; fx++) {
          const x = left + fx * dilation;
          if (y < height && x < width) copy(target, at(image, (y * width + x) * channels), channels);
          else zero(target, channels);
          target = at(target, channels);
        }
      }
    }
  }
}

/** Where the patches of a row of output pixels go among those of all rows. */
export function columnsOf(args: usize, row: usize): usize {
  const size = whole(args, FILTER_HEIGHT) * whole(args, FILTER_WIDTH) * whole(args, CHANNELS);
  return at(whole(args, COLUMNS), row * whole(args, OUT_WIDTH) * size);
}

@inline
function copy(target: usize, source: usize, n: usize): void {
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) v128.store(at(target, j), v128.load(at(source, j)));
  for (; j < n; j++) store<f32>(at(target, j), load<f32>(at(source, j)));
}

@inline
function zero(target: usize, n: usize): void {
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) v128.store(at(target, j), f32x4.splat(0));
  for (; j < n; j++) store<f32>(at(target, j), 0);
}

/** Adds up what the columns hold for each pixel of a row of the image. Index: image * height + row. */
export function columnsToImagePiece(args: usize, first: usize, last: usize): void {
  const height = whole(args, IN_HEIGHT);
  const width = whole(args, IN_WIDTH);
  const channels = whole(args, CHANNELS);
  const outHeight = whole(args, OUT_HEIGHT);
  const outWidth = whole(args, OUT_WIDTH);
  const filterHeight = whole(args, FILTER_HEIGHT);
  const filterWidth = whole(args, FILTER_WIDTH);
  const down = whole(args, STRIDE_DOWN);
  const across = whole(args, STRIDE_ACROSS);
  for (let i = first; i < last; i++) {
    const image = i / height;
    const line = (i % height) + whole(args, TOP);
    const target = at(whole(args, IMAGE), i * width * channels);
    for (let pixel: usize = 0; pixel < width; pixel++) {
      const sum = at(target, pixel * channels);
      zero(sum, channels);
      for (let fy: usize = 0; fy < filterHeight; fy++) {
        const y = line - fy * whole(args, DILATION_DOWN);
        if (y % down != 0 || y / down >= outHeight) continue;
        for (let fx: usize = 0; fx < filterWidth; fx++) {
          const x = pixel + whole(args, LEFT) - fx * whole(args, DILATION_ACROSS);
          if (x % across != 0 || x / across >= outWidth) continue;
          const patch = (image * outHeight + y / down) * outWidth + x / across;
          const source = ((patch * filterHeight + fy) * filterWidth + fx) * channels;
          addTo(sum, at(whole(args, COLUMNS), source), channels);
        }
      }
    }
  }
}

@inline
function addTo(target: usize, source: usize, n: usize): void {
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) {
    v128.store(at(target, j), f32x4.add(v128.load(at(target, j)), v128.load(at(source, j))));
  }
  for (; j < n; j++) store<f32>(at(target, j), load<f32>(at(target, j)) + load<f32>(at(source, j)));
}
