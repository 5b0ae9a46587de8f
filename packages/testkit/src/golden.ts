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
  const kind = String(file.kind);
  const failed = (problem: string): GoldenReport => ({ kind, outputs: [], ok: false, problem });
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
  if (!runner)
    return failed(
      `There is no runner for the kind '${kind}'; there are: ${Object.keys(runners).join(', ')}.`,
    );
  try {
    const actual = await runner.run(file, context);
    const outputs = compareOutputs(file, actual, (path) => runner.tolerance(path, file));
    if (outputs.length === 0) return failed('The runner returned nothing to compare.');
    return { kind, outputs, ok: outputs.every(({ ok }) => ok) };
  } catch (thrown) {
    return failed(`The runner threw: ${messageOf(thrown)}`);
  }
}
