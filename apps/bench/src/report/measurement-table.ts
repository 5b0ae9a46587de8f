import { formatBytes, formatNumber, formatTime } from './format.js';
import type { Html } from './html.js';
import { seriesName, spreadText } from './score-table.js';
import type { Cell, ScenarioResults } from './series.js';
import { spread } from './statistics.js';
import { statusBadge } from './status.js';
import { type TableCell, table } from './table.js';

/** Every series on every instance in a row of its own, with all that was measured: medians over repetitions. */
export function measurementTable(results: ScenarioResults): Html {
  const { scenario, cells } = results;
  const metrics = [
    ...new Set(cells.flatMap(({ finished }) => finished.flatMap((t) => Object.keys(t.metrics)))),
  ].sort();
  const numeric = true;
  return table({
    caption: `All measurements of ${scenario.name}: median over repetitions, smallest … largest below it`,
    className: 'dense',
    columns: [
      { heading: 'algorithm' },
      { heading: 'instance' },
      { heading: 'finished', numeric },
      { heading: scenario.score.name, numeric },
      { heading: 'time', numeric },
      { heading: 'process life', numeric },
      { heading: 'peak memory', numeric },
      ...metrics.map((heading) => ({ heading, numeric })),
      { heading: 'stopped' },
    ],
    rows: cells.map((cell) => [
      { content: seriesName(cell.series), sort: cell.series.label },
      { content: cell.instance.name, className: 'name' },
      {
        content: `${cell.finished.length} of ${cell.trials.length}`,
        numeric,
        sort: cell.finished.length / cell.trials.length,
      },
      numberCell(cell.scores, formatNumber),
      numberCell(cell.times, formatTime),
      numberCell(
        cell.finished.map(({ wallMs }) => wallMs),
        formatTime,
      ),
      numberCell(
        cell.finished.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []),
        formatBytes,
      ),
      ...metrics.map((name) =>
        numberCell(
          cell.finished.flatMap((trial) => trial.metrics[name] ?? []),
          formatNumber,
        ),
      ),
      { content: stoppedInWords(cell) },
    ]),
  });
}

/** Trials that ended without a score, each with its reason; undefined when all finished. */
export function unfinishedTable({ cells, scenario }: ScenarioResults): Html | undefined {
  const rows = cells.flatMap((cell) => {
    const unfinished = cell.trials.filter(({ status }) => status !== 'ok');
    const groups = Map.groupBy(unfinished, ({ status, reason }) => `${status}\u0000${reason ?? ''}`);
    return [...groups.values()].map((trials): TableCell[] => [
      { content: seriesName(cell.series), sort: cell.series.label },
      { content: cell.instance.name, className: 'name' },
      { content: statusBadge(trials[0]!.status), sort: trials[0]!.status },
      { content: `${trials.length} of ${cell.trials.length}`, numeric: true, sort: trials.length },
      { content: trials[0]!.reason ?? 'no reason recorded', className: 'reason' },
    ]);
  });
  if (rows.length === 0) return undefined;
  return table({
    caption: `Trials of ${scenario.name} without a score, and why`,
    className: 'dense',
    columns: [
      { heading: 'algorithm' },
      { heading: 'instance' },
      { heading: 'status' },
      { heading: 'trials', numeric: true },
      { heading: 'reason' },
    ],
    rows,
  });
}

function numberCell(values: readonly number[], format: (value: number) => string): TableCell {
  const measured = spread(values);
  return { content: measured && spreadText(measured, format), numeric: true, sort: measured?.median ?? '' };
}

function stoppedInWords({ finished }: Cell): string {
  const counts = Map.groupBy(finished, ({ stopped }) => stopped ?? '');
  if (counts.size <= 1) return finished[0]?.stopped ?? '';
  return [...counts].map(([stopped, trials]) => `${stopped || 'not said'} (${trials.length})`).join(', ');
}
