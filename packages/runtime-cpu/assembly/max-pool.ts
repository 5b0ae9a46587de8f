import { whole } from './arguments';
import { at } from './lanes';

/**
 * Gradient of max-pooling: dy goes to the first place of the window that holds the maximum. Arguments: x, y, dy, dx; height, width,
 * channels; height and width of the output; of the window; strides (down, across); dilations; padding (top, left). Index: image.
 */
export function maxPoolGradientPiece(args: usize, first: usize, last: usize): void {
  const height = whole(args, 4);
  const width = whole(args, 5);
  const channels = whole(args, 6);
  const outHeight = whole(args, 7);
  const outWidth = whole(args, 8);
  for (let image = first; image < last; image++) {
    const offset = image * height * width * channels;
    memory.fill(at(whole(args, 3), offset), 0, (height * width * channels) << 2);
    for (let row: usize = 0; row < outHeight; row++) {
      for (let column: usize = 0; column < outWidth; column++) {
        const place = ((image * outHeight + row) * outWidth + column) * channels;
        let c: usize = 0;
        for (; c + 4 <= channels; c += 4) fourChannels(args, offset + c, place + c, row, column);
        for (; c < channels; c++) oneChannel(args, offset + c, place + c, row, column);
      }
    }
  }
}

/** The number of the image that a place of the window lies on, or the largest number outside of the image. */
@inline
function pixelOf(args: usize, row: usize, column: usize, fy: usize, fx: usize): usize {
  const y = row * whole(args, 11) + fy * whole(args, 13) - whole(args, 15);
  const x = column * whole(args, 12) + fx * whole(args, 14) - whole(args, 16);
  if (y >= whole(args, 4) || x >= whole(args, 5)) return usize.MAX_VALUE;
  return (y * whole(args, 5) + x) * whole(args, 6);
}

function fourChannels(args: usize, offset: usize, place: usize, row: usize, column: usize): void {
  const most = v128.load(at(whole(args, 1), place));
  const slope = v128.load(at(whole(args, 2), place));
  let open = i32x4.splat(-1);
  for (let fy: usize = 0; fy < whole(args, 9); fy++) {
    for (let fx: usize = 0; fx < whole(args, 10); fx++) {
      const pixel = pixelOf(args, row, column, fy, fx);
      if (pixel == usize.MAX_VALUE) continue;
      const hit = v128.and(open, f32x4.eq(v128.load(at(whole(args, 0), offset + pixel)), most));
      const target = at(whole(args, 3), offset + pixel);
      v128.store(target, f32x4.add(v128.load(target), v128.and(hit, slope)));
      open = v128.andnot(open, hit);
    }
  }
}

function oneChannel(args: usize, offset: usize, place: usize, row: usize, column: usize): void {
  const most = load<f32>(at(whole(args, 1), place));
  for (let fy: usize = 0; fy < whole(args, 9); fy++) {
    for (let fx: usize = 0; fx < whole(args, 10); fx++) {
      const pixel = pixelOf(args, row, column, fy, fx);
      if (pixel == usize.MAX_VALUE || load<f32>(at(whole(args, 0), offset + pixel)) != most) continue;
      const target = at(whole(args, 3), offset + pixel);
      store<f32>(target, load<f32>(target) + load<f32>(at(whole(args, 2), place)));
      return;
    }
  }
}
