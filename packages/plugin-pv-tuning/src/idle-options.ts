import { InvalidOptionsError } from '@espalier/core';
import { type TuningOptions, tuningOptions } from './tuning-options.js';

type Name = keyof TuningOptions;

/** What only codebooks have, k-means included. */
const OF_CODEBOOKS = [
  'codebooks',
  'codeBits',
  'inGroup',
  'outGroup',
  'scaleBits',
  'codebookValueBits',
  'codebookValueGroups',
  'init',
  'initIterations',
  'maxPointsPerCentroid',
  'calibrate',
] as const satisfies readonly Name[];
const OF_INTEGERS = ['groupSize', 'scalarInit'] as const satisfies readonly Name[];
/** What a method sets for its V step; given, it takes the place of the method's own. */
const OF_CODE_STEPS = [
  'maxCodeChange',
  'deltaDecay',
  'forceUpdate',
  'stochasticRounding',
  'trustRatio',
] as const satisfies readonly Name[];

/**
 * Refuses options that do nothing beside others, where they contradict them: codebooks of small integers, groups of codebooks, limits of
 * a step that is not taken. Whatever differs from its default counts as given.
 * @throws InvalidOptionsError naming all of them
 */
export function refuseIdleOptions(chosen: TuningOptions): void {
  const { representation, method } = chosen;
  if (representation === 'scalar')
    refuse(chosen, OF_CODEBOOKS, "small integers (representation 'scalar') have no codebooks");
  else refuse(chosen, OF_INTEGERS, "codebooks are no small integers (representation 'scalar')");
  if (method === 'calibration-only' || method === 'continuous-only')
    refuse(chosen, OF_CODE_STEPS, `method '${method}' moves no codes`);
}

function refuse(chosen: TuningOptions, names: readonly Name[], because: string): void {
  const defaults = tuningOptions.parse({});
  const idle = names.filter((name) => chosen[name] !== defaults[name]);
  if (idle.length === 0) return;
  const given = idle.map((name) => `${name}: ${JSON.stringify(chosen[name])}`).join(', ');
  throw new InvalidOptionsError(`These options would do nothing, for ${because}; given ${given}.`, {
    remedy: 'Leave them out.',
  });
}
