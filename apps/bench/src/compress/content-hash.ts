import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Checkpoint } from '@espalier/models';

/** Up to so many bytes a file is hashed whole. */
const WHOLE_BYTES = 256 * 2 ** 20;
/** Of larger ones the first megabyte, with the names of the tensors, and pieces at equal distances. */
const HEAD_BYTES = 2 ** 20;
const PIECES = 256;
const PIECE_BYTES = 2 ** 16;

/** SHA-256 over configuration, names and sizes of the files with tensors, and their bytes, of large files a sample. */
export async function modelHash({ config, tensors }: Checkpoint): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(config.source));
  const files = [...new Set(tensors.names.map((name) => tensors.fileOf(name)))].sort();
  for (const path of files) {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      digest.update(JSON.stringify([basename(path), size]));
      for (const [start, end] of hashed(size)) {
        for (let at = start; at < end; at += HEAD_BYTES) {
          const { buffer, bytesRead } = await file.read(
            Buffer.alloc(Math.min(HEAD_BYTES, end - at)),
            0,
            null,
            at,
          );
          digest.update(buffer.subarray(0, bytesRead));
        }
      }
    } finally {
      await file.close();
    }
  }
  return digest.digest('hex');
}

/** The ranges of a file of this size that count. */
function hashed(size: number): readonly (readonly [start: number, end: number])[] {
  if (size <= WHOLE_BYTES) return [[0, size]];
  const step = Math.floor((size - PIECE_BYTES) / PIECES);
  const pieces = Array.from(
    { length: PIECES },
    (_, i) => [(i + 1) * step, (i + 1) * step + PIECE_BYTES] as const,
  );
  return [[0, HEAD_BYTES], ...pieces];
}

/** SHA-256 of the first `count` tokens. */
export function tokensHash(tokens: ArrayLike<number>, count: number): string {
  const numbers = Int32Array.from({ length: Math.min(count, tokens.length) }, (_, i) => tokens[i]!);
  return createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('hex');
}
