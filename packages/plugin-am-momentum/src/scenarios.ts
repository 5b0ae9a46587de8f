import type { Scenario } from '@espalier/core';

/** The comparison of optimizers on the same tasks belongs to the package of the well-known methods: both rules take part in it by their kind. */
const scenarios: readonly Scenario<unknown>[] = [];
export default scenarios;
