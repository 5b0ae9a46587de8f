import { UnsupportedError } from '@espalier/core';
import type { FileFolder } from './file-folder.js';
import type { OutputFolder } from './output-folder.js';

/** A browser has no paths. @throws UnsupportedError always */
export async function locate(
  _path: string,
): Promise<{ readonly folder: FileFolder; readonly file: string | undefined }> {
  throw new UnsupportedError('Paths are read in Node.', {
    remedy: 'In a browser pass blobFolder(files), httpFolder(url) or memoryFolder(files).',
  });
}

/** @throws UnsupportedError always */
export function nodeFolder(_path: string): FileFolder {
  throw new UnsupportedError('Folders on disk are read in Node.', {
    remedy: 'In a browser use blobFolder(files), httpFolder(url) or memoryFolder(files).',
  });
}

/** @throws UnsupportedError always */
export async function nodeOutput(_target: string, _mode: 'fresh' | 'resumable'): Promise<OutputFolder> {
  throw new UnsupportedError('Folders on disk are written in Node.', {
    remedy: 'In a browser write to memoryOutput().',
  });
}
