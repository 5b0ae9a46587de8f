import type { Scenario } from '@espalier/core';

/** The comparison of caches on one model belongs to the package of the well-known methods: Mustafar takes part in it by its kind. */
const scenarios: readonly Scenario<unknown>[] = [];
export default scenarios;
