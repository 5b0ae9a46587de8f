import {
  type GoldenContext,
  type GoldenFile,
  type GoldenRunners,
  messageOf,
  noDataFiles,
} from '@espalier/core';
import { compareOutputs, type OutputComparison } from './compare-outputs.js';

/** What running one golden file gave. */
export interface GoldenReport {
  readonly kind: string;
  readonly outputs: readonly OutputComparison[];
  readonly ok: boolean;
  /** Why nothing could be compared: an unknown kind, a runner that threw or returned nothing. */
  readonly problem?: string;
}

/** Runs one golden file through the plugin's runner for its kind and compares the outputs with the file's. Never throws. */
export async function runGolden(
  runners: GoldenRunners,
  file: GoldenFile,
  context: GoldenContext = { data: noDataFiles },
): Promise<GoldenReport> {
  if (typeof file !== 'object' || file === null || typeof file.kind !== 'string') {
    const problem = "A golden file is an object with its `paper` and its `kind`; this one names no 'kind'.";
    return { kind: '', outputs: [], ok: false, problem };
  }
  const { kind } = file;
  const failed = (problem: string): GoldenReport => ({ kind, outputs: [], ok: false, problem });
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
  if (!runner) {
    const known = Object.keys(runners).join(', ') || 'none at all';
    return failed(`There is no runner for the kind '${kind}'; there are: ${known}.`);
  }
  try {
    // The runner gets a copy: it cannot change what it is compared with, and handing back its input is noticed.
    const given = structuredClone(file);
    const actual = await runner.run(given, context);
    const echo = echoOf(given, actual);
    if (echo !== undefined)
      return failed(`The runner returned the file's own '${echo}' instead of computing it.`);
    const outputs = compareOutputs(file, actual, (path) => runner.tolerance(path, file));
    if (outputs.length === 0) return failed('The runner returned nothing to compare.');
    return { kind, outputs, ok: outputs.every(({ ok }) => ok) };
  } catch (thrown) {
    return failed(`The runner threw: ${messageOf(thrown)}`);
  }
}

/** The path of an object in `actual` that belongs to `given`, if there is one. */
function echoOf(given: unknown, actual: unknown): string | undefined {
  const own = new Set<unknown>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    own.add(value);
    Object.values(value).forEach(collect);
  };
  collect(given);
  const find = (value: unknown, path: string): string | undefined => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
    if (own.has(value)) return path || 'root';
    for (const [key, part] of Object.entries(value)) {
      const found = find(part, path ? `${path}.${key}` : key);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(actual, '');
}
