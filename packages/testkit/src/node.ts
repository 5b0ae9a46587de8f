import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenContext, GoldenFile, GoldenRunners } from '@espalier/core';
import { assert, type Check } from './check.js';
import { runGolden } from './golden.js';

/** One check for each golden file of a folder. */
export async function goldenChecks(
  folder: string,
  runners: GoldenRunners,
  context?: GoldenContext,
): Promise<Check[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  assert(names.length > 0, `There is no golden file in ${folder}.`);
  return names.map((name) => ({
    name: `agrees with ${name}`,
    async run() {
      const file = JSON.parse(await readFile(join(folder, name), 'utf8')) as GoldenFile;
      const report = await runGolden(runners, file, context);
      const problems = report.outputs
        .filter(({ ok }) => !ok)
        .map(({ output, problem }) => `${output} (${problem})`);
      assert(report.ok, report.problem ?? `These outputs differ: ${problems.join('; ')}.`);
    },
  }));
}
