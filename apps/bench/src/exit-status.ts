/** What the command line ends with. */
export const EXIT = {
  done: 0,
  /** A check did not hold (verify, compare), or the work failed: the message says why. */
  failed: 1,
  usage: 2,
  interrupted: 130,
} as const;

/** Wrong usage: the message is shown with exit status 2. */
export class UsageError extends Error {}
