import type { Claim, Measurements } from '@espalier/core';
import { assert, type Check } from './check.js';

/** For each claim: measurements at which it must hold, and some at which it must not. */
export type ClaimFixtures = Readonly<
  Record<string, { readonly holds: Measurements; readonly fails: Measurements }>
>;

/** A plugin's claims can be told apart, name their source, and are able to say no. */
export function* claimChecks(claims: readonly Claim[], fixtures: ClaimFixtures): Generator<Check> {
  yield {
    name: 'claims have names of their own',
    async run() {
      const names = claims.map(({ name }) => name);
      assert(new Set(names).size === names.length, `A name occurs twice in ${names.join(', ')}.`);
    },
  };
  for (const claim of claims) {
    yield {
      name: `claim '${claim.name}' says what the paper reports`,
      async run() {
        for (const text of [claim.statement, claim.paper.figure, claim.paper.setting])
          assert(text.length > 0, 'A text is empty.');
      },
    };
    yield {
      name: `claim '${claim.name}' can hold and can fail`,
      async run() {
        const fixture = fixtures[claim.name];
        assert(fixture !== undefined, 'There are no measurements to try its rule on.');
        const [yes, no] = [claim.judge(fixture.holds).verdict, claim.judge(fixture.fails).verdict];
        assert(yes === 'holds', `At measurements that should hold the verdict is '${yes}'.`);
        assert(no !== 'holds', 'It holds at measurements that should fail.');
        assert(claim.figure(fixture.holds).length > 0, 'Its figure is empty.');
      },
    };
  }
}
