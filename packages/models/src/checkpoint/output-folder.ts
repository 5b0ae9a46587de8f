import { InvalidDataError } from '@espalier/core';

/** A file of known size that is filled in any order. */
export interface OutputFile {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Whatever was written survives a crash of the machine from here on. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A folder that appears as a whole or not at all: files are written beside their place, `commit` moves them there.
 * One that is resumable keeps notes, from which a later run takes up the work.
 */
export interface OutputFolder {
  /** For messages. */
  readonly name: string;
  /** What an interrupted run has noted; empty for a fresh start. */
  readonly notes: readonly string[];
  /** Adds a line, for good. */
  note(line: string): Promise<void>;
  /**
   * Creates the file, or opens the one of an interrupted run.
   * @throws InvalidDataError when that one has another size
   */
  open(file: string, size: number): Promise<OutputFile>;
  /** Writes a whole file, over what an interrupted run may have left. */
  put(file: string, bytes: Uint8Array): Promise<void>;
  /** Moves everything to its place. */
  commit(): Promise<void>;
  /** Removes everything, notes included. */
  discard(): Promise<void>;
}

/** A folder in memory; `files` has its content once it is committed. For browsers (downloads) and tests. */
export interface MemoryOutput extends OutputFolder {
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

/** See {@link MemoryOutput}. */
export function memoryOutput(name = 'memory'): MemoryOutput {
  const notes: string[] = [];
  const pending = new Map<string, Uint8Array<ArrayBuffer>>();
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  return {
    name,
    notes,
    files,
    async note(line) {
      notes.push(line);
    },
    async open(file, size) {
      const bytes = pending.get(file) ?? new Uint8Array(size);
      if (bytes.length !== size) {
        throw new InvalidDataError(
          `${name}/${file} has ${bytes.length} bytes from an interrupted run, not ${size}.`,
        );
      }
      pending.set(file, bytes);
      return {
        write: async (offset, part) => bytes.set(part, offset),
        read: async (offset, length) => bytes.slice(offset, offset + length),
        async sync() {},
        async close() {},
      };
    },
    async put(file, bytes) {
      pending.set(file, new Uint8Array(bytes));
    },
    async commit() {
      Object.assign(files, Object.fromEntries(pending));
      pending.clear();
    },
    async discard() {
      notes.length = 0;
      pending.clear();
    },
  };
}
