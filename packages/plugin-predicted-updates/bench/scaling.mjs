import { logSlope, offlineLiftWork } from '../dist/claim-runs.js';
import { noisyOrder, randomUpdates } from '../dist/index.js';

const SIZES = [1_024, 4_096, 16_384, 65_536, 131_072];
const SIGMAS = [1, 4, 16, 64, 256];
const T = 16_384;

/** Work (slots of computed nodes) against T and against the l1 error, with exponents fitted on a log-log scale. */
export function scaling() {
  const bySize = SIZES.map((slots) => {
    const sequence = randomUpdates({ vertices: 2_000, slots, seed: 0 });
    const work = (sigma) => offlineLiftWork(sequence, noisyOrder(sequence.updates, sigma, 0), 0).nodeSlots;
    return { slots, perfect: work(0), noisy: work(4) };
  });
  const sequence = randomUpdates({ vertices: 2_000, slots: T, seed: 0 });
  const perfect = bySize.find(({ slots }) => slots === T).perfect;
  const byError = SIGMAS.map((sigma) => {
    const { nodeSlots, l1 } = offlineLiftWork(sequence, noisyOrder(sequence.updates, sigma, 0), 0);
    return { sigma, l1, extra: nodeSlots - perfect };
  });
  return {
    slots: T,
    bySize,
    byError,
    exponents: {
      theory: logSlope(SIZES.map((t) => [t, t * Math.log2(t)])),
      perfect: logSlope(bySize.map(({ slots, perfect: work }) => [slots, work])),
      noisy: logSlope(bySize.map(({ slots, noisy }) => [slots, noisy])),
      error: logSlope(byError.slice(1, 4).map(({ l1, extra }) => [l1, extra])),
    },
  };
}
