import { canonicalJson } from '../report/canonical-json.js';
import {
  formatBytes,
  formatCount,
  formatInstant,
  formatNumber,
  formatShare,
  formatTime,
} from '../report/format.js';
import type { Change, ChangeVerdict } from './change.js';
import type { ClaimChange, Comparison, StatusChange } from './compare.js';
import type { TrialIdentity } from './trial-groups.js';

/** The comparison as text for a terminal: warnings, what got worse, what got better, and how much was noise. */
export function formatComparison(comparison: Comparison): string {
  const { before, after, changes, statusChanges, claimChanges, onlyBefore, onlyAfter } = comparison;
  const { warnings } = comparison;
  const withVerdict = (verdict: ChangeVerdict) => changes.filter((change) => change.verdict === verdict);
  const sections = [
    `before  ${formatInstant(before.createdAt)}, ${before.runtime}, ${before.machine.cpu}\nafter   ${formatInstant(after.createdAt)}, ${after.runtime}, ${after.machine.cpu}`,
    warnings.map((warning) => `warning: ${warning}`).join('\n'),
    titled('Claims whose verdict changed', claimChanges.length, claimLines(claimChanges)),
    titled('Trials that ended otherwise', statusChanges.length, statusLines(statusChanges)),
    changeSection('Regressions', withVerdict('regression')),
    changeSection('Improvements', withVerdict('improvement')),
    changeSection('Changed, but a single sample says nothing about noise', withVerdict('single sample')),
    titled('Only in the earlier results', onlyBefore.length, onlyBefore.map(nameOf)),
    titled('Only in the later results', onlyAfter.length, onlyAfter.map(nameOf)),
    `${formatCount(changes.length, 'figure')} compared: ${(
      ['regression', 'improvement', 'noise', 'unchanged', 'single sample', 'not comparable'] as const
    )
      .map((verdict) => ({ verdict, count: withVerdict(verdict).length }))
      .filter(({ count }) => count > 0)
      .map(({ verdict, count }) => `${count} ${verdict}`)
      .join(', ')}.`,
    noiseInWords(comparison),
  ];
  // A name or reason from a file must not steer the terminal: all control characters but line ends go.
  return `${sections
    .filter(Boolean)
    .join('\n\n')
    .replace(/[^\P{Cc}\n]/gu, '')}\n`;
}

/** How far the intervals can be trusted; nothing where there are none. */
function noiseInWords({ changes, threshold, level }: Comparison): string {
  const sampled = changes.filter(({ interval }) => interval);
  if (sampled.length === 0) return '';
  const chance = Math.max(...sampled.map(({ samples }) => chanceOfSeparation(samples)));
  const fewest = sampled.find(({ samples }) => chanceOfSeparation(samples) === chance)!.samples;
  const rough =
    chance > 1 - level
      ? ` With ${fewest.before} + ${fewest.after} repetitions chance alone sets all values of one side above those of the other in ${formatShare(chance)} of comparisons: run more of them before you trust a single line.`
      : '';
  return `Changes are those of medians (× is after / before), each with its ${formatShare(level)} bootstrap interval; changes of up to ${formatShare(threshold)} count as noise.${rough}`;
}

/** How often two samples of one distribution do not overlap: 2 of all ways to deal the ranks to the two sides. */
function chanceOfSeparation({ before, after }: Change['samples']): number {
  let ways = 1;
  for (let i = 1; i <= before; i++) ways *= (after + i) / i;
  return Math.min(1, 2 / ways);
}

/** A title with the number of entries, and the lines below it; nothing when there are no entries. */
function titled(title: string, count: number, lines: readonly string[]): string {
  return count === 0 ? '' : [`${title} (${count})`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function claimLines(claimChanges: readonly ClaimChange[]): string[] {
  return claimChanges.map(
    ({ plugin, claim, before, after, reason }) => `${plugin} ${claim}: ${before} -> ${after}. ${reason}`,
  );
}

function statusLines(changes: readonly StatusChange[]): string[] {
  const inWords = (counts: StatusChange['before']) =>
    Object.entries(counts)
      .map(([status, count]) => `${count} ${status}`)
      .join(', ');
  return changes.map(
    ({ trial, before, after, verdict, reason }) =>
      `${verdict}: ${nameOf(trial)}: ${inWords(before)} -> ${inWords(after)}${reason ? `. ${reason}` : ''}`,
  );
}

function nameOf({ scenario, instance, algorithm, options, runtime }: TrialIdentity): string {
  const given = Object.keys(options).length > 0 ? ` ${canonicalJson(options)}` : '';
  return `${scenario} / ${instance} / ${algorithm}${given} on ${runtime}`;
}

const FORMATS = { score: formatNumber, time: formatTime, 'peak memory': formatBytes } as const;

function changeSection(title: string, changes: readonly Change[]): string {
  return titled(title, changes.length, changeTable(changes));
}

function changeTable(changes: readonly Change[]): string[] {
  const rows = changes.map((change): string[] => {
    const format = FORMATS[change.measure];
    return [
      nameOf(change.trial),
      change.measure,
      format(change.before),
      format(change.after),
      effectInWords(change, change.value),
      change.interval
        ? `${effectInWords(change, change.interval.low)} … ${effectInWords(change, change.interval.high)}`
        : '',
      `${change.samples.before} + ${change.samples.after}`,
    ];
  });
  const headings = ['trial', 'measure', 'before', 'after', 'change', 'interval', 'samples'];
  return aligned([headings, ...rows]);
}

function effectInWords({ effect, measure }: Change, value: number): string {
  if (effect === 'ratio') return `${formatNumber(value, 3)}×`;
  const size = FORMATS[measure](Math.abs(value));
  return value > 0 ? `+${size}` : value < 0 ? `−${size}` : size;
}

/** Columns of equal width: the first two left, figures right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
