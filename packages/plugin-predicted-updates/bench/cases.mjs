import {
  largeConnectivity,
  roadDistances,
  threeEdgePairs,
  triconnectedPairs,
} from '../dist/timing-claims.js';

/**
 * The benchmark's workloads: predictions off by N(0, 4^2) slots, 1.5 n edges present, or a grid of roads that close and open; `from`: the
 * first update that is timed.
 */
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
    ...[2_000, 8_000].map((vertices) => ({
      name: `triconnected pair, n = ${vertices.toLocaleString('en')}`,
      peer: 'triconnected',
      workload: triconnectedPairs(0, vertices),
      from: 2 * vertices,
      backstop: 'recompute',
    })),
    ...[30, 60, 100].map((side) => {
      const workload = roadDistances(0, side);
      return {
        name: `distance, ${side} x ${side} roads`,
        peer: 'distance',
        workload,
        from: workload.updates.length - 1_024,
        backstop: 'recompute',
      };
    }),
  ];
}
