import type { RandomSource } from '@espalier/core';
import { type Arena, arenaBytes, createArena } from './arena.js';
import { type Entries, transposedEntries } from './entries.js';
import { createFactor, type Factor, strideOf } from './factor.js';
import { canShare } from './kernel-module.js';
import type { Monitor } from './monitor.js';
import { createTeam, type RowTeam, teamArrays } from './row-team.js';
import { chunkCount, placeSide, type Side, sideArrays } from './side.js';

/** Everything that the loops of one run work on: observations, factors, threads, counts. */
export interface Workbench {
  readonly arena: Arena;
  readonly team: RowTeam;
  readonly monitor: Monitor;
  readonly random: RandomSource;
  /** Groups of the observations by rows: one, or several that together are all of them. */
  readonly byRow: readonly Side[];
  readonly byColumn: readonly Side[];
  /** m x k */
  readonly u: Factor;
  /** n x k */
  readonly v: Factor;
  /** Two factors of `blockSize` columns, for starts and singular values. */
  readonly block: { readonly rows: Factor; readonly columns: Factor };
  /** Sum of w b^2. */
  readonly total: number;
  readonly count: number;
  readonly work: { flops: number; inner: number };
  close(): void;
}

/** What a workbench is made for. */
export interface WorkbenchPlan {
  readonly rank: number;
  /** Columns of the blocks; at least 1. */
  readonly blockSize: number;
  readonly threads: number;
  /** Each group of observations is a side of its own. Default: one group. */
  readonly groups?: readonly Entries[];
  /** Lengths of further arrays that the solver takes from the arena. */
  readonly spare?: { readonly float64: readonly number[] };
}

/** Makes a workbench; `close` it in the end. Falls back to one thread, with a warning, where memory cannot be shared. */
export function openWorkbench(
  entries: Entries,
  plan: WorkbenchPlan,
  monitor: Monitor,
  random: RandomSource,
): Workbench {
  const { rows, columns, values, weights } = entries;
  const { rank, blockSize, groups = [entries] } = plan;
  const threads = plan.threads > 1 && !canShare() ? 1 : plan.threads;
  if (threads < plan.threads)
    monitor.warn('Threads cannot share memory here (a browser needs cross-origin isolation): one thread.');
  const stride = strideOf(Math.max(rank, blockSize));
  const scratch = Math.max(3, strideOf(rank)) * stride;
  const transposed = groups.map(transposedEntries);
  const most = (group: Entries) => chunkCount(group.values.length, strideOf(rank), threads) + 1;
  const parts = [
    teamArrays(threads, scratch),
    ...groups.map((group) => sideArrays(group, most(group))),
    ...transposed.map((group) => sideArrays(group, most(group))),
    { float64: [rows, columns].flatMap((count) => [count * strideOf(rank), count * strideOf(blockSize)]) },
    ...(plan.spare ? [plan.spare] : []),
  ];
  const arena = createArena(
    parts.reduce((sum, part) => sum + arenaBytes(part), 0),
    threads > 1 ? 'shared' : 'single',
  );
  const team = createTeam(arena, threads, scratch, monitor);
  let total = 0;
  for (let e = 0; e < values.length; e++) total += (weights ? weights[e] : 1) * values[e] ** 2;
  return {
    arena,
    team,
    monitor,
    random,
    byRow: groups.map((group) => placeSide(arena, group, most(group))),
    byColumn: transposed.map((group) => placeSide(arena, group, most(group))),
    u: createFactor(arena, rows, rank),
    v: createFactor(arena, columns, rank),
    block: { rows: createFactor(arena, rows, blockSize), columns: createFactor(arena, columns, blockSize) },
    total,
    count: values.length,
    work: { flops: 0, inner: 0 },
    close() {
      team.close();
      arena.close();
    },
  };
}
