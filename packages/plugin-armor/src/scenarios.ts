import type { Scenario } from '@espalier/core';

/** The comparison of pruners on one model belongs to the package of the well-known methods: ARMOR takes part in it by its kind. */
const scenarios: readonly Scenario<unknown>[] = [];
export default scenarios;
