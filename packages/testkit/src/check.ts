import { messageOf } from '@espalier/core';

/** One rule, tested on one algorithm, runtime or package. `run` resolves when the rule holds and throws the reason when not. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
  /** Why the check is known to fail; `run` then resolves while it still does. */
  readonly knownFailure?: string;
}

/** Throws `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** What `work` throws. @throws Error when it throws nothing */
export async function thrownBy(work: () => unknown, what: string): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was accepted; it must be refused.`);
}

/**
 * Turns checks that the author knows to fail into checks that report so: they pass while the failure lasts, and fail when the
 * entry is stale (the check passes now, or there is no such check).
 */
export function* withKnownFailures(
  checks: Iterable<Check>,
  knownFailures: Readonly<Record<string, string>> = {},
): Generator<Check> {
  const seen = new Set<string>();
  for (const check of checks) {
    assert(!seen.has(check.name), `Two checks are called '${check.name}': name what they are about.`);
    seen.add(check.name);
    const reason = Object.hasOwn(knownFailures, check.name) ? knownFailures[check.name] : undefined;
    yield reason === undefined ? check : knownToFail(check, reason);
  }
  for (const name of Object.keys(knownFailures)) {
    if (seen.has(name)) continue;
    yield {
      name: `known failure '${name}'`,
      run: async () => assert(false, `knownFailures names '${name}', which is no check of this algorithm.`),
    };
  }
}

function knownToFail(check: Check, reason: string): Check {
  return {
    name: `${check.name} (known failure: ${reason})`,
    knownFailure: reason,
    async run() {
      assert(reason.trim().length > 0, `The known failure of '${check.name}' has no reason.`);
      const passed = await check.run().then(
        () => true,
        () => false,
      );
      assert(!passed, `The check '${check.name}' passes now: remove it from knownFailures.`);
    },
  };
}

/** Hands every check to the `test` function of a test runner: vitest, node:test, jest, mocha, ... */
export function declareChecks(
  checks: Iterable<Check>,
  { test }: { readonly test: (name: string, run: () => Promise<void>) => unknown },
): void {
  for (const { name, run } of checks) test(name, run);
}

/** What became of one check. */
export interface CheckResult {
  readonly check: string;
  readonly outcome: 'passed' | 'failed' | 'known failure';
  /** Why it failed, or the reason that is given for a known failure. */
  readonly reason?: string;
}

/** Runs the checks one after the other, without a test runner. */
export async function runConformance(
  checks: Iterable<Check>,
): Promise<{ readonly ok: boolean; readonly results: readonly CheckResult[] }> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await outcomeOf(check));
  return { ok: results.every(({ outcome }) => outcome !== 'failed'), results };
}

async function outcomeOf({ name, run, knownFailure }: Check): Promise<CheckResult> {
  try {
    await run();
  } catch (thrown) {
    return { check: name, outcome: 'failed', reason: messageOf(thrown) };
  }
  return knownFailure === undefined
    ? { check: name, outcome: 'passed' }
    : { check: name, outcome: 'known failure', reason: knownFailure };
}
