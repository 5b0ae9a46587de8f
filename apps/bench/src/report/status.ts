import type { TrialStatus } from '../results/results-file.js';
import { type Html, html } from './html.js';

/** How a status is shown: never by colour alone. */
const STATUS: Readonly<
  Record<TrialStatus, { readonly sign: string; readonly tone: string; readonly meaning: string }>
> = {
  ok: { sign: '✓', tone: 'good', meaning: 'finished' },
  refused: { sign: '–', tone: 'plain', meaning: 'the algorithm does not take this instance' },
  failed: { sign: '✕', tone: 'bad', meaning: 'the algorithm threw an error' },
  crashed: { sign: '✕', tone: 'bad', meaning: 'the process died' },
  'out-of-memory': { sign: '✕', tone: 'bad', meaning: 'the process ran out of memory' },
  'timed-out': { sign: '!', tone: 'warn', meaning: 'ended at the hard deadline' },
  aborted: { sign: '‖', tone: 'plain', meaning: 'interrupted by the user' },
};

/** All statuses, the good one first. */
export const TRIAL_STATUSES = Object.keys(STATUS) as readonly TrialStatus[];

/** A status as a label, with a count before it where one is given. */
export function statusBadge(status: TrialStatus, count?: number): Html {
  const { sign, tone, meaning } = STATUS[status];
  return html`<span class="badge ${tone}" title="${meaning}"><span aria-hidden="true">${sign}</span> ${count !== undefined && html`${count} `}${status}</span>`;
}
