import { totalmem } from 'node:os';

const SHARE = 0.8;

/** What each of `jobs` trials at a time may take, unless the user says otherwise: 80 % of the memory that is there for all. */
export function defaultMemoryLimit(jobs: number): number {
  const constrained = process.constrainedMemory(); // of the container; 0 or a huge number where there is no limit
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return (SHARE * available) / jobs;
}
