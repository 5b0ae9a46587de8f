import { whole } from './arguments';
import { gemm, gemmRoom } from './gemm';
import { imageToColumnsPiece } from './image-columns';
import { at } from './lanes';

/** Numbers of room that a thread has for patches: they stay in its second cache. */
export const PATCH_ROOM: usize = 1 << 17;

/*
 * Convolutions on one thread's own patches. Arguments: as in image-columns.ts, but for the columns, which take their place in this
 * thread's room; then filter, y, output channels, lines of output pixels that are taken at a time, number of images, images of a
 * group.
 */
const FILTER: usize = 15;
const Y: usize = 16;
const OUT_CHANNELS: usize = 17;
const LINES: usize = 18;
const IMAGES: usize = 19;
const GROUP: usize = 20;

/** y = patches W for some lines of output pixels. Index: block of lines, counted through all images. */
export function conv2dPiece(args: usize, first: usize, last: usize, room: usize): void {
  const lines = whole(args, LINES);
  const total = whole(args, IMAGES) * whole(args, 5);
  const n = whole(args, OUT_CHANNELS);
  const k = whole(args, 7) * whole(args, 8) * whole(args, 4);
  const patches = at(room, gemmRoom());
  for (let i = first; i < last; i++) {
    const from = i * lines;
    const to = min(total, from + lines);
    imageToColumnsPiece(args, from, to, patches);
    const pixels = (to - from) * whole(args, 6);
    const y = at(whole(args, Y), from * whole(args, 6) * n);
    gemm(pixels, n, k, patches, k, 1, whole(args, FILTER), n, 1, y, n, false, room);
  }
}

/** dW = patches^T dy over a group of images, one result a group; y is dy, filter is dW. Index: group. */
export function conv2dFilterGradientPiece(args: usize, first: usize, last: usize, room: usize): void {
  const outHeight = whole(args, 5);
  const lines = whole(args, LINES);
  const n = whole(args, OUT_CHANNELS);
  const k = whole(args, 7) * whole(args, 8) * whole(args, 4);
  const patches = at(room, gemmRoom());
  for (let i = first; i < last; i++) {
    const start = i * whole(args, GROUP) * outHeight;
    const end = min(whole(args, IMAGES) * outHeight, start + whole(args, GROUP) * outHeight);
    const target = at(whole(args, FILTER), i * k * n);
    for (let from = start; from < end; from += lines) {
      const to = min(end, from + lines);
      imageToColumnsPiece(args, from, to, patches);
      const pixels = (to - from) * whole(args, 6);
      const dy = at(whole(args, Y), from * whole(args, 6) * n);
      gemm(k, n, pixels, patches, 1, k, dy, n, 1, target, n, from > start, room);
    }
  }
}
