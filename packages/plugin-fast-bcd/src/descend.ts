import { NumericalError, type RunOptions, type Services } from '@espalier/core';
import { norm2 } from '@espalier/linalg';
import { type BlockConstants, type Chosen, createBlockConstants } from './block-constants.js';
import type { CompositeProblem, CompositeSolution } from './composite-minimization.js';
import type { FastBcdOptions } from './fast-bcd-options.js';
import { startMonitor } from './monitor.js';
import { type PreparedProblem, prepareProblem } from './prepare.js';
import { feasible, regularizerChange, regularizerValue } from './regularizer.js';
import type { SelectionState } from './selection-state.js';
import { snapInPlace } from './separable.js';
import { type Settings, settingsOf } from './settings.js';
import { assembleSolution } from './solution.js';
import { stepRules } from './step-rules.js';
import { createStopping } from './stopping.js';
import { trackSupport } from './support-tracker.js';

/** What is kept up to date step by step is computed from scratch after so many iterations. */
const REFRESH = 100;
/** F may rise by this, relative: rounding. */
const RISE = 1e-9;

/** One run of block coordinate descent: select, update, record, until it may stop. */
export async function descend(
  problem: CompositeProblem,
  options: FastBcdOptions,
  run: RunOptions | undefined,
  services: Services,
): Promise<CompositeSolution> {
  const monitor = startMonitor(run, services);
  const prepared = prepareProblem(problem);
  const { model, term } = prepared;
  const random = services.random(run?.seed);
  const settings = settingsOf(options, model, term, random);
  const constants = createBlockConstants(model);
  const estimates = new Float64Array(model.n).fill(1);
  const step = stepRules[settings.update];
  const context = { model, term, constants, estimates, fallback: options.fallback };
  const stateAt = selectionStates(prepared, settings, constants, estimates, random);
  const support = trackSupport(term, model.x);
  const stopping = createStopping(prepared, settings, options);
  let regularizer = regularizerValue(term, model.x);
  let value = model.value() + regularizer;
  let reason: string | undefined;
  for (let iteration = 0; ; iteration++) {
    reason = stopping.reason(iteration, value) ?? (monitor.expired() ? 'time limit' : undefined);
    if (reason) break;
    const chosen = settings.select(stateAt(iteration));
    const change = step(chosen, model.blockGradient(chosen.block), context);
    if (!change) {
      reason = 'line search failed';
      break;
    }
    regularizer += regularizerChange(term, model.x, chosen.block, change);
    model.move(chosen.block, change);
    snapInPlace(term.separable, model.x, chosen.block);
    if ((iteration + 1) % REFRESH === 0) {
      model.moveTo(feasible(term, model.x));
      regularizer = regularizerValue(term, model.x);
    }
    const before = value;
    value = model.value() + regularizer;
    assertDescent(before, value, settings.update);
    support.update(chosen.block, model.x, iteration + 1);
    const length = norm2(change);
    stopping.note(before, value, length);
    monitor.step({
      iteration: iteration + 1,
      value,
      step: length,
      blockSize: chosen.block.length,
      supportSize: support.size,
    });
    await monitor.turn();
  }
  return assembleSolution(model.x, value, stopping.optimality(), support, monitor, reason);
}

/** The state of each iteration; rules that divide by constants get the estimates where the update makes some. */
function selectionStates(
  { model, term }: PreparedProblem,
  { update }: Settings,
  constants: BlockConstants,
  estimates: Float64Array,
  random: SelectionState['random'],
): (iteration: number) => SelectionState {
  const estimated = update === 'lipschitz-approximation';
  const blockLipschitz = (chosen: Chosen) =>
    estimated
      ? chosen.block.reduce((largest, i) => Math.max(largest, estimates[i]), 0)
      : constants.lipschitz(chosen);
  const lipschitz = estimated ? estimates : model.lipschitz;
  return (iteration) => ({ iteration, model, term, constants, lipschitz, blockLipschitz, random });
}

function assertDescent(before: number, after: number, update: string): void {
  if (after <= before + RISE * (1 + Math.abs(before))) return;
  throw new NumericalError(`The objective rose from ${before} to ${after} with the update '${update}'.`, {
    remedy:
      'Check that the constants and Hessian bounds of the objective hold and that it is convex, or scale its data.',
  });
}
