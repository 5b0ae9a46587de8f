import { definePlugin } from '@espalier/core';
import { bbkb } from './bbkb.js';
import { epsilonGreedy } from './epsilon-greedy.js';
import { gpBucb } from './gp-bucb.js';
import { gpEi } from './gp-ei.js';
import { gpUcb } from './gp-ucb.js';
import { miniGpAskTell } from './mini-gp-ask-tell.js';
import { miniGpEi } from './mini-gp-ei.js';
import { miniGpUcb } from './mini-gp-ucb.js';
import { randomSearch } from './random-search.js';

export type { AskTellProblem, Suggestion } from './ask-tell-session.js';
export * from './black-box-optimization.js';
export { type CandidateSet, candidatesFrom } from './candidate-set.js';
export { type FitSetting, type FittedKernel, fitKernel } from './fit-kernel.js';
export { type GeneratedSetting, generatedProblem, relativeRegret } from './generated-problems.js';
export { gpPosterior } from './gp-posterior.js';
export type { KernelSpec } from './kernel.js';
export { type LikelihoodSetting, logLikelihood } from './log-likelihood.js';
export {
  type AskTellAnswer,
  type AskTellEvent,
  blackBoxAskTell,
} from './mini-gp-ask-tell.js';
export { type Observation, observe } from './observation.js';
export { type Configuration, type Parameter, type SearchSpace, searchSpace } from './search-space.js';
export { tableFromCsv } from './table-csv.js';
export { type TableSetting, tabulatedProblem } from './tabulated-problem.js';
export { bbkb, epsilonGreedy, gpBucb, gpEi, gpUcb, miniGpAskTell, miniGpEi, miniGpUcb, randomSearch };

export default definePlugin({
  name: '@espalier/plugin-mini-gp',
  algorithms: [miniGpUcb, miniGpEi, miniGpAskTell, gpUcb, gpEi, gpBucb, bbkb, randomSearch, epsilonGreedy],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
