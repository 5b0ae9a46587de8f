import { type Check, runConformance } from '../src/index.js';

/** Names of the checks that fail. */
export async function failing(checks: Iterable<Check>): Promise<string[]> {
  const { results } = await runConformance(checks);
  return results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check);
}

/** Names of all checks. */
export function names(checks: Iterable<Check>): string[] {
  return [...checks].map(({ name }) => name);
}
