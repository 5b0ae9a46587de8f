import {
  type Claim,
  type ClaimContext,
  isEspalierError,
  type Measurements,
  messageOf,
  type Verdict,
} from '@espalier/core';

/** A claim with what came out. */
export interface ClaimResult extends Verdict {
  readonly claim: string;
  readonly ourFigure: string;
  readonly measurements: Measurements;
}

const VERDICTS: readonly Verdict['verdict'][] = ['holds', 'partly', 'does not hold', 'not measured'];

/**
 * Measures and judges one claim. What goes wrong on the way is a verdict too: `not measured`, with the reason. Every
 * measurement is a finite number; an infinite one stands only when the verdict's reason names it.
 * @throws AbortedError when the context's signal fires
 */
export async function measureClaim(claim: Claim, context: ClaimContext): Promise<ClaimResult> {
  let measurements: Measurements = {};
  const notMeasured = (reason: string): ClaimResult => ({
    claim: claim.name,
    ourFigure: '',
    measurements,
    verdict: 'not measured',
    reason,
  });
  try {
    // The rule gets a frozen copy: it is a pure function of the measurements.
    measurements = Object.freeze({ ...(await claim.measure(context)) });
    const names = Object.keys(measurements);
    if (names.length === 0) return notMeasured('Nothing was measured.');
    const bad = names.filter(
      (name) => typeof measurements[name] !== 'number' || Number.isNaN(measurements[name]),
    );
    if (bad.length > 0) return notMeasured(`These measurements are no numbers: ${bad.join(', ')}.`);
    const { verdict, reason } = claim.judge(measurements);
    if (!VERDICTS.includes(verdict))
      return notMeasured(
        `Its rule said '${verdict}', which is no verdict; there are: ${VERDICTS.join(', ')}.`,
      );
    const unexplained = names.filter(
      (name) => !Number.isFinite(measurements[name]) && !reason.includes(name),
    );
    if (unexplained.length > 0)
      return notMeasured(`These measurements are infinite without explanation: ${unexplained.join(', ')}.`);
    return { claim: claim.name, ourFigure: claim.figure(measurements), measurements, verdict, reason };
  } catch (thrown) {
    if (isEspalierError(thrown, 'aborted')) throw thrown;
    return notMeasured(messageOf(thrown));
  }
}
