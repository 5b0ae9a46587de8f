import { fillConstants } from './constants';
import { runPiece } from './pieces';

/*
 * Loops shared by threads. All threads run instances of this module on one memory; the first publishes a loop, the others
 * join while it is open, and each takes the next piece of it until none is left. Which thread computes a piece changes no
 * bit: pieces are cut by size alone and never share a sum.
 */

/** Layout of the control block: 32-bit words, on cache lines of their own where threads wait for them. */
const GENERATION: usize = 0;
const SLEEPING: usize = 64;
const OPEN: usize = 128;
const ACTIVE: usize = 192;
const NEXT: usize = 256;
const PIECE: usize = 320;
const COUNT: usize = 324;
const GRAIN: usize = 328;
/** How many threads beside the first have entered {@link work}. */
export const WORKERS: usize = 332;
/** The arguments of the loop: 48 whole numbers, then 16 of 32-bit floating point. */
export const ARGUMENTS: usize = 384;
/** What constants.ts fills, 640 bytes. */
const CONSTANTS: usize = 640;
/** Bytes of the control block. */
export const CONTROL_BYTES: usize = 1280;

/** Turns that a thread waits awake for the next loop, about a tenth of a millisecond, before it sleeps. */
const SPINS: i32 = 20000;

let control: usize = 0;
let ownRoom: usize = 0;

/** Sets this thread's control block (zeroed by the first thread, {@link CONTROL_BYTES}) and its room. */
export function initialize(block: usize, room: usize): void {
  control = block;
  ownRoom = room;
  fillConstants(block + CONSTANTS);
}

/** Runs `piece` over 0 to count - 1 in pieces of `grain`, on all threads. The arguments stand in the control block. */
export function run(piece: i32, count: usize, grain: usize): void {
  const args = control + ARGUMENTS;
  if (ASC_FEATURE_THREADS) {
    if (count > grain && atomic.load<i32>(control + WORKERS) > 0) {
      store<i32>(control + PIECE, piece);
      store<u32>(control + COUNT, <u32>count);
      store<u32>(control + GRAIN, <u32>grain);
      atomic.store<u32>(control + NEXT, 0);
      atomic.store<i32>(control + OPEN, 1);
      atomic.add<i32>(control + GENERATION, 1);
      if (atomic.load<i32>(control + SLEEPING) > 0) atomic.notify(control + GENERATION, -1);
      takePieces(piece, count, grain);
      atomic.store<i32>(control + OPEN, 0);
      while (atomic.load<i32>(control + ACTIVE) > 0) {}
      return;
    }
  }
  // One thread takes the same pieces.
  for (let first: usize = 0; first < count; first += grain) {
    runPiece(piece, args, first, min(first + grain, count), ownRoom);
  }
}

function takePieces(piece: i32, count: usize, grain: usize): void {
  while (true) {
    const first = <usize>atomic.add<u32>(control + NEXT, <u32>grain);
    if (first >= count) return;
    runPiece(piece, control + ARGUMENTS, first, min(first + grain, count), ownRoom);
  }
}

/** The life of a further thread: joins every loop that it is awake for. Never returns. */
export function work(block: usize, room: usize): void {
  if (ASC_FEATURE_THREADS) {
    initialize(block, room);
    atomic.add<i32>(control + WORKERS, 1);
    let seen: i32 = atomic.load<i32>(control + GENERATION);
    while (true) {
      let spins = SPINS;
      while (atomic.load<i32>(control + GENERATION) == seen) {
        if (--spins == 0) {
          atomic.add<i32>(control + SLEEPING, 1);
          atomic.wait<i32>(control + GENERATION, seen, -1);
          atomic.sub<i32>(control + SLEEPING, 1);
          spins = SPINS;
        }
      }
      seen = atomic.load<i32>(control + GENERATION);
      // From here on the first thread waits for this one, so the loop's description stays as it is.
      atomic.add<i32>(control + ACTIVE, 1);
      if (atomic.load<i32>(control + OPEN) == 1) {
        takePieces(load<i32>(control + PIECE), load<u32>(control + COUNT), load<u32>(control + GRAIN));
      }
      atomic.sub<i32>(control + ACTIVE, 1);
    }
  }
}
