// What the tables of the READMEs say about the run that measured them, and how they get there.
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** The processor, its cores and Node, for pages that report the load themselves. */
export const machine = () =>
  `${cpus()[0]?.model.trim() ?? 'Unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;

/**
 * The machine and its load at the end of a run, and the peers. Call it after the last measurement.
 *
 * @param peers versions by name, empty where no peer was found; nothing for a run without peers
 */
export function measuredOn(peers) {
  const load = `load average ${loadavg()[0].toFixed(1)} at the end`;
  if (!peers) return `${machine()}, ${load}`;
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return `${machine()}, ${load}; ${versions.join(', ') || 'no peers on this machine'}`;
}

/**
 * Puts a text between `<!-- measured -->` and `<!-- end -->` of a page.
 * @throws when the page lacks these marks
 */
export async function writeMeasured(page, text) {
  const before = await readFile(page, 'utf8');
  const marks = /(?<=<!-- measured -->\n)[\s\S]*?(?=<!-- end -->)/;
  if (!marks.test(before)) throw new Error(`${page} has no <!-- measured --> ... <!-- end -->.`);
  await writeFile(
    page,
    before.replace(marks, () => `\n${text.trim()}\n\n`),
  );
}
