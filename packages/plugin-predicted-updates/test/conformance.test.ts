import { claimChecks, dynamicChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  deletionOrder,
  hdtConnectivity,
  predictedUpdates,
  recomputeGraph,
  slidingWindow,
} from '../src/index.js';
import { graphFixture } from './fixture.js';

describe.each([predictedUpdates, recomputeGraph, hdtConnectivity, deletionOrder, slidingWindow])(
  '$name',
  (algorithm) => {
    for (const check of dynamicChecks(algorithm, graphFixture)) test(check.name, check.run);
  },
);

describe('claims', () => {
  const graceful = (slots: number, factor: number) => {
    const perfect = 1.3 * slots * Math.log2(slots);
    const noisy = [1, 4, 16, 64].flatMap((sigma) => [
      [`l1@${sigma}`, slots * sigma],
      [`work@${sigma}`, perfect + factor * slots * sigma * Math.log2(slots)],
      [`misses@${sigma}`, 0],
    ]);
    const whole = { 'work@0': perfect, 'l1@0': 0, 'misses@0': 0, 'work@midpoint': perfect };
    return { ...whole, ...Object.fromEntries(noisy) };
  };
  const incremental = (slots: number, perfect: number) => {
    const noisy = [1, 4, 16, 64, 256].flatMap((sigma) => [
      [`l1@${sigma}`, slots * sigma],
      [`inserts@${sigma}`, slots * (perfect + sigma / 10)],
    ]);
    const whole = { 'inserts@0': slots * perfect, 'l1@0': 0, 'inserts@end': 40 * slots };
    return { ...whole, ...Object.fromEntries(noisy) };
  };
  const scaling = (power: number) =>
    Object.fromEntries(
      [0, 4].flatMap((sigma) =>
        [1_024, 4_096, 16_384, 65_536, 131_072].map((t) => [`work@${sigma}@${t}`, t ** power * Math.log2(t)]),
      ),
    );
  const robust = (factor: number) =>
    Object.assign(
      { slots: 1_000, quantum: 64, backstop: 1e6 },
      ...['perfect', 'noisy', 'reversed', 'empty'].map((list) => ({
        [`lift@${list}`]: 5e6,
        [`both@${list}`]: factor * 1e6,
      })),
    );
  const exact = { wrong: 0, updates: 1_000, structures: 15 };
  const robustness = { holds: robust(2), fails: robust(3) };
  const pair = { holds: { lift: 1, recompute: 50 }, fails: { lift: 10, recompute: 50 } };
  const checks = claimChecks(claims, {
    'graceful-1024': { holds: graceful(1_024, 0.5), fails: graceful(1_024, 2) },
    'graceful-4096': { holds: graceful(4_096, 0.5), fails: graceful(4_096, 2) },
    'graceful-131072': { holds: graceful(131_072, 0.5), fails: graceful(131_072, 2) },
    exactness: { holds: exact, fails: { ...exact, wrong: 1 } },
    'exactness-millions': { holds: exact, fails: { ...exact, wrong: 1 } },
    'incremental-1024': { holds: incremental(1_024, 3), fails: incremental(1_024, 30) },
    'incremental-4096': { holds: incremental(4_096, 3), fails: incremental(4_096, 30) },
    'scaling-in-updates': { holds: scaling(1), fails: scaling(1.5) },
    'robustness-recompute-1024': robustness,
    'robustness-recompute-4096': robustness,
    'robustness-hdt-1024': robustness,
    'robustness-hdt-4096': robustness,
    'connectivity-time': {
      holds: { lift: 5, both: 9, hdt: 20, recompute: 1_000 },
      fails: { lift: 50, both: 90, hdt: 20, recompute: 1_000 },
    },
    'three-edge-time-2000': pair,
    'three-edge-time-20000': pair,
    'road-distance-time-60': pair,
    'road-distance-time-100': pair,
  });
  for (const check of checks) test(check.name, check.run);
});
