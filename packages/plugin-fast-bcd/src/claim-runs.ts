import { type ClaimContext, deriveSeed, type Measurements, type Verdict } from '@espalier/core';
import type { CompositeProblem, CompositeSolution } from './composite-minimization.js';
import { fastBcd } from './fast-bcd.js';
import type { FastBcdOptions } from './fast-bcd-options.js';

/** The rules of one run. */
export type Rules = Partial<
  Pick<FastBcdOptions, 'partition' | 'selection' | 'update' | 'blockSize' | 'graphOrder'>
>;

/** The seed of a solver: problems are made from the claim's own. */
export function solverSeed({ seed }: ClaimContext): number {
  return deriveSeed(seed, 'solver');
}

/** Exactly so many iterations by these rules: no tolerance ends the run before. */
export async function runFor(
  problem: CompositeProblem,
  rules: Rules,
  iterations: number,
  context: ClaimContext,
): Promise<CompositeSolution> {
  const { signal, services } = context;
  const options = { ...rules, maxIterations: iterations, tolerance: Number.MIN_VALUE };
  return fastBcd.create(options, services).solve(problem, { seed: solverSeed(context), signal });
}

/** F after the iterations, by name of the rules. */
export async function valuesAfter(
  problem: CompositeProblem,
  rules: Readonly<Record<string, Rules>>,
  iterations: number,
  context: ClaimContext,
): Promise<Measurements> {
  const values: Record<string, number> = {};
  for (const [name, one] of Object.entries(rules)) {
    context.onProgress?.(name);
    values[name] = (await runFor(problem, one, iterations, context)).value;
  }
  return values;
}

/** A number for people. */
export const show = (value: number): string => (value === 0 ? '0' : value.toPrecision(2));

/** A part of a statement: what was found, and whether it is as the paper has it. */
export interface Part {
  readonly holds: boolean;
  readonly found: string;
}

/** `holds` when all parts do, `partly` when some do. */
export function judgeParts(parts: readonly Part[]): Verdict {
  const held = parts.filter(({ holds }) => holds).length;
  return {
    verdict: held === parts.length ? 'holds' : held > 0 ? 'partly' : 'does not hold',
    reason: `${parts.map(({ holds, found }) => (holds ? found : `${found} (not as claimed)`)).join('; ')}.`,
  };
}

/** The slope of log y over log x by least squares: the exponent of a power law. */
export function fittedExponent(x: readonly number[], y: readonly number[]): number {
  const [lx, ly] = [x.map(Math.log), y.map(Math.log)];
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(lx), mean(ly)];
  const covariance = lx.reduce((sum, v, k) => sum + (v - mx) * (ly[k] - my), 0);
  return covariance / lx.reduce((sum, v) => sum + (v - mx) ** 2, 0);
}
