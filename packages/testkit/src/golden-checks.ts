import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenContext, GoldenFile, GoldenRunners } from '@espalier/core';
import { assert, type Check } from './check.js';
import { runGolden } from './golden.js';

/** One check for each golden file of a folder, and one that every runner is tried. */
export async function goldenChecks(
  folder: string,
  runners: GoldenRunners,
  context?: GoldenContext,
): Promise<Check[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  assert(names.length > 0, `There is no golden file in ${folder}.`);
  const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as GoldenFile;
  const files = names.map((name) => ({
    name: `agrees with ${name}`,
    async run() {
      const report = await runGolden(runners, await read(name), context);
      const problems = report.outputs.flatMap(({ ok, problem, error, allowed }) =>
        ok ? [] : [`${problem} (error ${error}, allowed ${allowed})`],
      );
      assert(report.ok, report.problem ?? `These outputs differ: ${problems.join('; ')}.`);
    },
  }));
  const everyRunner: Check = {
    name: 'has a golden file for every runner',
    async run() {
      const kinds = await Promise.all(names.map(async (name) => (await read(name)).kind));
      const untried = Object.keys(runners).filter((kind) => !kinds.includes(kind));
      assert(untried.length === 0, `There is no file of these kinds: ${untried.join(', ')}.`);
    },
  };
  return [...files, everyRunner];
}
