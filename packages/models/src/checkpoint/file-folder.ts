import { InvalidDataError } from '@espalier/core';

/** Random access to the bytes of one file, wherever it lies. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Exactly the bytes [offset, offset + length), in an array of their own.
   * @throws InvalidDataError when the source ends before that
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A flat folder of files: on disk, in memory, from a file input, behind HTTP. */
export interface FileFolder {
  /** For messages. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** @throws InvalidDataError when the file is absent, or its name is a path */
  open(file: string): Promise<ByteSource>;
}

/** The whole of one file. @throws InvalidDataError when it is absent, or larger than `maxBytes` */
export async function readWhole(
  folder: FileFolder,
  file: string,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = await folder.open(file);
  try {
    if (source.size > maxBytes) {
      throw new InvalidDataError(`${source.name} has ${source.size} bytes; at most ${maxBytes} are read.`);
    }
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/**
 * File names come from files (the index of a sharded checkpoint): one that leads out of the folder is refused.
 * @throws InvalidDataError for anything but a plain file name
 */
export function assertPlainName(file: string, folder: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters in a file name are an attack on terminals and logs
  if (file === '' || file === '.' || file === '..' || /[/\\:\u0000-\u001f]/.test(file)) {
    throw new InvalidDataError(`${folder}: ${JSON.stringify(file)} is no plain file name.`, {
      remedy: 'All files of a checkpoint lie in one folder.',
    });
  }
}

/** Bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      assertInside(name, bytes.length, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    async close() {},
  };
}

/** A `Blob` or a `File` of a browser, read piece by piece. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      assertInside(name, blob.size, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    async close() {},
  };
}

/** @throws InvalidDataError for a range that the file does not have */
export function assertInside(name: string, size: number, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new InvalidDataError(
      `${name} is truncated: bytes ${offset} to ${offset + length} are needed, it has ${size}.`,
    );
  }
}

/** Files in memory, by name. */
export const memoryFolder = (files: Readonly<Record<string, Uint8Array>>, name = 'memory'): FileFolder =>
  mapFolder(name, new Map(Object.entries(files)), bytesSource);

/** The files that a user has chosen or dropped; names are taken without their path. */
export const blobFolder = (files: Iterable<File>, name = 'the chosen files'): FileFolder =>
  mapFolder(name, new Map([...files].map((file) => [file.name, file])), blobSource);

function mapFolder<T>(
  name: string,
  files: ReadonlyMap<string, T>,
  toSource: (name: string, content: T) => ByteSource,
): FileFolder {
  return {
    name,
    has: async (file) => files.has(file),
    async open(file) {
      assertPlainName(file, name);
      const content = files.get(file);
      if (content === undefined) throw missingFile(name, file);
      return toSource(`${name}/${file}`, content);
    },
  };
}

export const missingFile = (folder: string, file: string, cause?: unknown): InvalidDataError =>
  new InvalidDataError(`${folder} has no file '${file}'.`, {
    cause,
    remedy: 'Name the folder of a checkpoint, with all its files.',
  });
