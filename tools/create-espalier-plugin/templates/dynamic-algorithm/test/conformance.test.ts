import { noDataFiles } from '@espalier/core';
import { type DynamicFixture, dynamicChecks } from '@espalier/testkit';
import { expect, test } from 'vitest';
import { __METHOD_CAMEL__, type MultisetEvent } from '../src/index.js';
import scenarios from '../src/scenarios.js';

/** What the checks need to know about the problem: random streams, impossible events, and the answers without cleverness. */
const fixture: DynamicFixture<MultisetEvent, number | undefined> = {
  events(random) {
    const present: number[] = [];
    return Array.from({ length: 60 }, (): MultisetEvent => {
      if (present.length > 0 && random.uniform() < 0.4) {
        const [value] = present.splice(random.integer(present.length), 1);
        return { type: 'remove', value: value! };
      }
      const value = random.integer(12); // few values, so that many are equal
      present.push(value);
      return { type: 'insert', value };
    });
  },
  bruteForce(events) {
    const present: number[] = [];
    return events.map(({ type, value }) => {
      if (type === 'insert') present.push(value);
      else present.splice(present.indexOf(value), 1);
      return present.length > 0 ? Math.max(...present) : undefined;
    });
  },
  invalid: {
    'a value that is NaN': [
      { type: 'insert', value: 3 },
      { type: 'insert', value: Number.NaN },
    ],
    'the removal of what is not there': [
      { type: 'insert', value: 3 },
      { type: 'remove', value: 4 },
    ],
  },
};

for (const check of dynamicChecks(__METHOD_CAMEL__, fixture)) test(check.name, check.run);

test('the scenario runs it', async () => {
  const [scenario] = scenarios;
  const context = { suite: 'quick' as const, data: noDataFiles };
  const [instance] = await scenario!.instances(context);
  const task = await scenario!.load(instance!, context);
  expect(scenario!.accepts(__METHOD_CAMEL__, task)).toBe(true);
  const { score, metrics } = await scenario!.run(__METHOD_CAMEL__, {}, task, {
    run: {},
    services: {},
    point() {},
    untimed: (work) => work(),
  });
  expect(score).toBeGreaterThan(0);
  expect(metrics).toEqual({ events: 1_000 });
});

test('answers a stream that is checked by hand', () => {
  const maximum = __METHOD_CAMEL__.create();
  expect(maximum.process({ type: 'insert', value: 2 })).toBe(2);
  expect(maximum.process({ type: 'insert', value: 7 })).toBe(7);
  expect(maximum.process({ type: 'remove', value: 7 })).toBe(2);
  expect(maximum.process({ type: 'remove', value: 2 })).toBeUndefined();
});
