import type { CurvePoint, TrialSpec, TrialStatus } from '../results/results-file.js';
import { shortNumber, shortTime } from '../text-table.js';
import type { FinishedTrial } from '../trials/run-all.js';
import type { StatusLine } from './status-line.js';

/** Follows a run on the terminal: how far it is, what runs, for how long, and its score at the moment. */
export interface TrialProgress {
  start(trial: TrialSpec): void;
  point(trial: TrialSpec, point: CurvePoint): void;
  finish(finished: FinishedTrial): void;
  stop(): void;
}

const REDRAW_EVERY_MS = 200;

/** Shows the progress of `total` trials on a status line. */
export function followTrials(total: number, status: StatusLine): TrialProgress {
  const running = new Map<TrialSpec, { readonly since: number; score?: number }>();
  const counts = new Map<TrialStatus, number>();
  let done = 0;
  const draw = () => {
    const [oldest] = running;
    if (!oldest) return;
    const [{ scenario, instance, algorithm }, { since, score }] = oldest;
    const parts = [
      `[${done + 1}/${total}] ${scenario} / ${instance.name}`,
      algorithm,
      shortTime(performance.now() - since),
      shortNumber(score),
      running.size > 1 ? `and ${running.size - 1} more` : '',
      ...[...counts].filter(([how]) => how !== 'ok').map(([how, count]) => `${count} ${how}`),
    ];
    status.show(parts.filter((part) => part !== '').join('  '));
  };
  const timer = status.visible ? setInterval(draw, REDRAW_EVERY_MS) : undefined;
  return {
    start(trial) {
      running.set(trial, { since: performance.now() });
      draw();
    },
    point(trial, { score }) {
      const entry = running.get(trial);
      if (entry) entry.score = score;
    },
    finish({ record }) {
      running.delete(record.trial);
      counts.set(record.status, (counts.get(record.status) ?? 0) + 1);
      done++;
    },
    stop() {
      clearInterval(timer);
      status.clear();
    },
  };
}
