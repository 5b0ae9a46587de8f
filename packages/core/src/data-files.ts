import { InvalidDataError } from './errors.js';

/** The user's folder of public data sets; the app injects it, so that plugins need no file system. */
export interface DataFiles {
  /** Whether the file or folder is there. `path` is relative, with forward slashes: `ot/mnist30.json`. */
  has(path: string): Promise<boolean>;
  /** @throws InvalidDataError when the file is absent */
  read(path: string): Promise<Uint8Array>;
  /** Names in a folder, sorted; empty when it is absent. */
  list(folder: string): Promise<readonly string[]>;
}

/** No data at hand: what falls back to generated data does. */
export const noDataFiles: DataFiles = {
  has: async () => false,
  read: async (path) => {
    throw new InvalidDataError(`The data file ${path} is not here.`, {
      remedy: 'Name the data folder: --data DIR.',
    });
  },
  list: async () => [],
};

/** A public data set that a scenario or a claim uses where it is present. */
export interface DataSet {
  /** Path inside the data folder. */
  readonly path: string;
  readonly summary: string;
  /** Where a user gets it, and its licence. */
  readonly origin: string;
}
