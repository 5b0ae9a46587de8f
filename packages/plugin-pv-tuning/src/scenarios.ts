import type { Scenario } from '@espalier/core';

/** The comparison of quantizers on one model belongs to the package of the well-known methods: `aqlm` and `pv-tuning` take part by their kind. */
const scenarios: readonly Scenario<unknown>[] = [];
export default scenarios;
