import { InvalidOptionsError } from '@espalier/core';
import { cores, setting } from '#platform';

/** More threads than this gain nothing on tensors of the size that a CPU is used for. */
const MOST = 16;

/**
 * How many threads share the loops: all cores, or as many as `ESPALIER_THREADS` says; 1 where memory cannot be shared (a page
 * that is not cross-origin isolated).
 * @throws InvalidOptionsError when `ESPALIER_THREADS` is no whole number from 1 to 16
 */
export function threadCount(): number {
  const wanted = setting('ESPALIER_THREADS');
  if (wanted !== undefined && !(/^\d+$/.test(wanted) && Number(wanted) >= 1 && Number(wanted) <= MOST)) {
    throw new InvalidOptionsError(`ESPALIER_THREADS is '${wanted}'.`, {
      remedy: `It must be a whole number from 1 to ${MOST}.`,
    });
  }
  if (typeof SharedArrayBuffer === 'undefined') return 1;
  return Math.min(wanted === undefined ? cores() : Number(wanted), MOST);
}
