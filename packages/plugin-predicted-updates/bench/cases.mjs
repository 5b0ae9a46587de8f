import { largeConnectivity, threeEdgePairs } from '../dist/timing-claims.js';

/** The benchmark's workloads: predictions off by N(0, 4^2) slots, 1.5 n edges present; `from`: the first update that is timed. */
export function cases() {
  return [
    {
      name: 'connectivity, n = 20,000',
      peer: 'connectivity',
      workload: largeConnectivity(0),
      from: 40_000,
      backstop: 'hdt',
    },
    {
      name: '3-edge pair, n = 2,000',
      peer: 'three-edge',
      workload: threeEdgePairs(0, 2_000),
      from: 4_000,
      backstop: 'recompute',
    },
    {
      name: '3-edge pair, n = 8,000',
      peer: 'three-edge',
      workload: threeEdgePairs(0, 8_000),
      from: 16_000,
      backstop: 'recompute',
    },
  ];
}
