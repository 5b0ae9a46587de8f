import { type Claim, isMarked, type Measurements, type Verdict } from '@espalier/core';
import { assert, type Check } from './check.js';
import { firstDifference } from './same.js';

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
      assert(names.length > 0, 'There are no claims.');
      assert(new Set(names).size === names.length, `A name occurs twice in ${names.join(', ')}.`);
      const stale = Object.keys(fixtures).filter((name) => !names.includes(name));
      assert(stale.length === 0, `There are measurements for ${stale.join(', ')}, but no such claim.`);
    },
  };
  for (const claim of claims) {
    yield {
      name: `claim '${claim.name}' says what the paper reports`,
      async run() {
        assert(isMarked('claim', claim), 'It was not made by defineClaim.');
        assert(
          /^[a-z0-9]+(-[a-z0-9]+)*$/.test(claim.name),
          'Its name is not of lower-case words and hyphens.',
        );
        assert(['quick', 'full', 'gpu'].includes(claim.tier), `Its tier is '${claim.tier}'.`);
        for (const text of [claim.statement, claim.paper.figure, claim.paper.setting])
          assert(text.trim().length > 0, 'A text is empty.');
      },
    };
    yield {
      name: `claim '${claim.name}' can hold and can fail`,
      async run() {
        const fixture = fixtures[claim.name];
        assert(fixture !== undefined, 'There are no measurements to try its rule on.');
        const [yes, no] = [judge(claim, fixture.holds).verdict, judge(claim, fixture.fails).verdict];
        assert(yes === 'holds', `At measurements that should hold the verdict is '${yes}'.`);
        assert(no !== 'holds', 'It holds at measurements that should fail.');
        assert(no !== 'not measured', "At measurements that should fail the verdict is 'not measured'.");
        const difference = firstDifference(
          Object.keys(fixture.holds).sort(),
          Object.keys(fixture.fails).sort(),
        );
        assert(difference === undefined, 'The two sets of measurements have different names.');
        assert(claim.figure(fixture.holds).trim().length > 0, 'Its figure is empty.');
      },
    };
  }
}

/** The verdict, and that it follows from the measurements alone and gives a reason. */
function judge(claim: Claim, measured: Measurements): Verdict {
  const given = Object.freeze({ ...measured });
  const [first, second] = [claim.judge(given), claim.judge(given)];
  const difference = firstDifference(first, second);
  assert(difference === undefined, `Its rule judges the same measurements twice differently: ${difference}.`);
  assert(first.reason.trim().length > 0, 'Its verdict gives no reason.');
  return first;
}
