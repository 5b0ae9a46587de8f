import { defineDynamicAlgorithm } from '@espalier/core';
import type fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { declarationChecks, dynamicChecks } from '../src/index.js';
import {
  broken,
  brokenOnObjects,
  fixture,
  good,
  goodOnObjects,
  objectFixture,
} from './broken/dynamic-algorithms.js';
import { failing, names } from './failing.js';

describe('dynamicChecks', () => {
  for (const check of dynamicChecks(good, fixture)) it(`lets a good one pass: ${check.name}`, check.run);
  for (const check of dynamicChecks(goodOnObjects, objectFixture))
    it(`lets one on objects pass: ${check.name}`, check.run);

  it.each(Object.entries(broken))('catches one that %s', async (_what, { make, fails }) => {
    expect(await failing(dynamicChecks(make(), fixture))).toEqual(fails);
  });

  it.each(Object.entries(brokenOnObjects))('catches one that %s', async (_what, { make, fails }) => {
    expect(await failing(dynamicChecks(make(), objectFixture))).toEqual(fails);
  });

  it('has a broken example for every rule of its own', () => {
    const declaration = names(declarationChecks(good)); // these have their examples among the solvers
    const rules = names(dynamicChecks(good, fixture)).filter((name) => !declaration.includes(name));
    expect(rules.length).toBeGreaterThan(5);
    const caught = Object.values({ ...broken, ...brokenOnObjects }).flatMap(({ fails }) => fails);
    expect(rules.filter((rule) => !caught.includes(rule))).toEqual([]);
  });

  it('gives brute force the options, with defaults filled in', async () => {
    const stepping = defineDynamicAlgorithm({
      ...good,
      options: z.strictObject({ step: z.number().default(1).describe('what an event counts') }),
      examples: { default: {}, doubled: { step: 2 } },
      create({ step }) {
        const total = good.create();
        return { process: (event) => step * total.process(event), reset: () => total.reset() };
      },
    });
    const times = {
      ...fixture,
      bruteForce: (events: readonly number[], { step }: { step: number }) =>
        fixture.bruteForce(events, {}).map((total) => step * total),
    };
    expect(await failing(dynamicChecks(stepping, times))).toEqual([]);
    const deaf = { ...times, bruteForce: fixture.bruteForce };
    expect(await failing(dynamicChecks(stepping, deaf))).toEqual([
      "answers as brute force does, with the example 'doubled'",
    ]);
  });

  it('shrinks a failing stream from an arbitrary to the smallest', async () => {
    const { make } = broken['miscounts large totals']!;
    const { events } = objectFixture;
    const smallest = {
      ...fixture,
      events: (events as fc.Arbitrary<readonly { by: number }[]>).map((list) => list.map(({ by }) => by)),
      streams: 200,
    };
    const check = [...dynamicChecks(make(), smallest)].find(({ name }) => name.startsWith('answers'))!;
    // Totals up to 20 are right: the smallest stream that goes beyond has three steps of at most 9.
    await expect(check.run()).rejects.toThrow(/Of 3 events: answer 2 differs \(the value: 21 and 20\)/);
  });

  it('refuses a fixture whose streams are empty', async () => {
    const checks = dynamicChecks(good, { ...fixture, events: () => [] });
    expect(await failing(checks)).toContain('is as new after reset');
  });
});
