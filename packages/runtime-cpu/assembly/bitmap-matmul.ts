import { whole } from './arguments';
import { addTiles, scanTiles } from './bitmap-tiles';
import { at } from './lanes';

/**
 * y = x M for sparse M, stored as tiles of bits and values. Arguments: x, words, offsets, values, starts, y, rows, reduction,
 * outputs, width, rows of the reduction in a block, bytes of a head's words, offsets of a head, padded, halves, scan. Index:
 * head * (outputs / width) + group of outputs. `room`: see bitmap-tiles.ts.
 */
export function bitmapMatmulPiece(args: usize, first: usize, last: usize, room: usize): void {
  const rows = whole(args, 6);
  const reduction = whole(args, 7);
  const outputs = whole(args, 8);
  const width = whole(args, 9);
  const blockRows = whole(args, 10);
  const padded = whole(args, 13) != 0;
  const halves = whole(args, 14) != 0;
  const scan = whole(args, 15) != 0;
  const groups = outputs / width;
  const wordBytes = width >> 3;
  for (let i = first; i < last; i++) {
    const head = i / groups;
    const group = i % groups;
    const words = whole(args, 1) + head * whole(args, 11);
    const offsets = at(whole(args, 2), head * whole(args, 12));
    const values = whole(args, 3) + (<usize>load<u32>(at(whole(args, 4), head)) << (halves ? 1 : 2));
    const x = at(whole(args, 0), head * rows * reduction);
    const y = at(whole(args, 5), head * rows * outputs + group * width);
    for (let row: usize = 0; row < rows; row++) memory.fill(at(y, row * outputs), 0, width << 2);
    for (let block: usize = 0; block < reduction; block += blockRows) {
      const tile = block * groups + group * blockRows;
      const column = at(x, block);
      if (scan) scanTiles(words, wordBytes, offsets, values, halves, padded, tile, blockRows, y, column);
      else
        addTiles(room, words, wordBytes, offsets, values, halves, padded, tile, blockRows, y, outputs, column, reduction, rows);
    }
  }
}
