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

/**
 * Measures and judges one claim. What goes wrong on the way is a verdict too: `not measured`, with the reason.
 * @throws AbortedError when the context's signal fires
 */
export async function measureClaim(claim: Claim, context: ClaimContext): Promise<ClaimResult> {
  try {
    const measurements = await claim.measure(context);
    const bad = Object.keys(measurements).filter((name) => Number.isNaN(measurements[name]));
    if (bad.length > 0) return notMeasured(claim, `These measurements are NaN: ${bad.join(', ')}.`);
    return {
      claim: claim.name,
      ourFigure: claim.figure(measurements),
      measurements,
      ...claim.judge(measurements),
    };
  } catch (thrown) {
    if (isEspalierError(thrown, 'aborted')) throw thrown;
    return notMeasured(claim, messageOf(thrown));
  }
}

function notMeasured(claim: Claim, reason: string): ClaimResult {
  return { claim: claim.name, ourFigure: '', measurements: {}, verdict: 'not measured', reason };
}
