import type { JsonObject } from '@espalier/core';
import { canonicalJson } from '../report/canonical-json.js';
import type { ResultsFile, TrialRecord } from '../results/results-file.js';

/** What trials of two files must share to be compared. */
export interface TrialIdentity {
  readonly scenario: string;
  readonly instance: string;
  readonly algorithm: string;
  readonly options: JsonObject;
  readonly runtime: string;
}

/** All repetitions of one identity. */
export interface TrialGroup {
  readonly identity: TrialIdentity;
  readonly trials: readonly TrialRecord[];
}

/**
 * Trials by identity. Instances are the same when name, parameters and time limit are: under another limit an anytime
 * algorithm has another score. Trials that the user interrupted say nothing and are left out.
 */
export function trialGroups({ trials }: ResultsFile): Map<string, TrialGroup> {
  const finished = trials.filter(({ status }) => status !== 'aborted');
  const groups = Map.groupBy(finished, ({ trial }) => {
    const { scenario, instance, algorithm, options, runtime } = trial;
    const { name, parameters, timeLimitMs } = instance;
    return canonicalJson({ scenario, name, parameters, timeLimitMs, algorithm, options, runtime });
  });
  return new Map(
    [...groups].map(([key, own]) => {
      const { scenario, instance, algorithm, options, runtime } = own[0]!.trial;
      return [
        key,
        { identity: { scenario, instance: instance.name, algorithm, options, runtime }, trials: own },
      ];
    }),
  );
}
