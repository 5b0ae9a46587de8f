import { readFileSync } from 'node:fs';

/** The largest resident memory that a process has had so far, where /proc tells (Linux). */
export function peakMemoryOf(pid: number | 'self'): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** As {@link peakMemoryOf} of this process; elsewhere the system's figure, which a large parent may raise. */
export function ownPeakMemory(): number {
  return peakMemoryOf('self') ?? process.resourceUsage().maxRSS * 1024;
}
