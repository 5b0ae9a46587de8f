import { whole } from './arguments';
import { at, loadLanes, storeLanes } from './lanes';

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
    const x = at(whole(args, 0), offset);
    const dx = at(whole(args, 3), offset);
    memory.fill(dx, 0, (height * width * channels) << 2);
    for (let row: usize = 0; row < outHeight; row++) {
      const top = row * whole(args, 11) - whole(args, 15);
      for (let column: usize = 0; column < outWidth; column++) {
        const left = column * whole(args, 12) - whole(args, 16);
        const place = ((image * outHeight + row) * outWidth + column) * channels;
        const fours = channels & ~3;
        window(true, args, x, dx, place, 0, fours, top, left);
        window(false, args, x, dx, place, fours, channels, top, left);
      }
    }
  }
}

/** Channels `first` to `last - 1` of one output pixel, whose window begins at line `top`, column `left` of the image. */
@inline
function window(
  four: bool,
  args: usize,
  x: usize,
  dx: usize,
  place: usize,
  first: usize,
  last: usize,
  top: usize,
  left: usize,
): void {
  const height = whole(args, 4);
  const width = whole(args, 5);
  const channels = whole(args, 6);
  const filterHeight = whole(args, 9);
  const filterWidth = whole(args, 10);
  const down = whole(args, 13);
  const across = whole(args, 14);
  for (let c = first; c < last; c += four ? 4 : 1) {
    const most = loadLanes(four, at(whole(args, 1), place + c));
    const slope = loadLanes(four, at(whole(args, 2), place + c));
    let open = i32x4.splat(-1);
    for (let fy: usize = 0; fy < filterHeight; fy++) {
      // Left of or above the image the unsigned difference is huge, so one comparison tests both borders.
      const line = top + fy * down;
      if (line >= height) continue;
      for (let fx: usize = 0; fx < filterWidth; fx++) {
        const pixel = left + fx * across;
        if (pixel >= width) continue;
        const source = (line * width + pixel) * channels + c;
        const hit = v128.and(open, f32x4.eq(loadLanes(four, at(x, source)), most));
        const target = at(dx, source);
        storeLanes(four, target, f32x4.add(loadLanes(four, target), v128.and(hit, slope)));
        open = v128.andnot(open, hit);
      }
    }
  }
}
