import { createRandom, type RandomSource } from './random.js';
import type { Clock } from './run.js';
import type { Runtime } from './runtime.js';

/** Takes messages for people; the default drops them. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

/** What an algorithm gets from its surroundings; each can be replaced with `registry.provide` or per `create`. */
export interface Services {
  /** The runtime that was activated, if any: numeric kinds need none. */
  readonly runtime: Runtime | undefined;
  /** Makes the random stream of a run from its seed. */
  readonly random: (seed?: number) => RandomSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A folder for files that may be deleted at any time; undefined in the browser and unless the user names one. */
  readonly cacheFolder: string | undefined;
}

/** The services of algorithms that are created without a registry. */
export const defaultServices: Services = {
  runtime: undefined,
  random: createRandom,
  clock: performance,
  logger: { info() {}, warn() {} },
  cacheFolder: undefined,
};
