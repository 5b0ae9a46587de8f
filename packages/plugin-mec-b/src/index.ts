import { definePlugin } from '@espalier/core';
import { ebim, ebimHuffman, ebimUniform } from './ebim.js';
import { markovCodingGame, markovCodingGameUniform } from './markov-coding-game.js';
import { markovCodingReceiver } from './markov-coding-receiver.js';
import { markovCodingSender } from './markov-coding-sender.js';
import { mec, mecZeroSeeking } from './mec.js';
import { mecB, mecBUniform } from './mec-b.js';
import { mecExact, mecIndependent, mecSla } from './mec-baselines.js';

export { type CsrMatrix, csrToDense, type Matrix } from '@espalier/linalg';
export {
  type BottleneckCouplingProblem,
  type BottleneckCouplingSolution,
  bottleneckCoupling,
} from './bottleneck-coupling.js';
export {
  type BottleneckEncodingProblem,
  type BottleneckEncodingSolution,
  bottleneckEncoding,
} from './bottleneck-encoding.js';
export {
  type ChannelState,
  channelStep,
  decodeStep,
  type EncodedStep,
  encodeStep,
  guessMessage,
  openChannel,
  remainingEntropy,
} from './coding-channel.js';
export { codingGame, type MarkovCodingGameProblem, type MarkovCodingGameSolution } from './coding-game.js';
export type { CodingScheme } from './coding-scheme.js';
export {
  codedReceiving,
  codedSending,
  type ReceiverAnswer,
  type ReceiverEvent,
  type SenderAnswer,
  type SenderEvent,
  type SessionStart,
} from './coding-session.js';
export { composeCoupling } from './compose.js';
export { codeMarginal, type Encoder, encoderGroups, encoderInformation, encoderJoint } from './encoder.js';
export { binaryEntropy, entropy } from './entropy.js';
export { type Cell, type GridWorldSpec, gridWorld } from './grid-world.js';
export { type InformationPoint, informationCurve } from './information-curve.js';
export { drawNextState, type MarkovDecisionProcess } from './markov-decision-process.js';
export {
  type MinimumEntropyCouplingProblem,
  type MinimumEntropyCouplingSolution,
  minimumEntropyCoupling,
} from './minimum-entropy-coupling.js';
export type { RateLimit } from './rate-limit.js';
export { coupleSeveral, type SeveralCoupling } from './several-marginals.js';
export { type SoftPolicy, softPolicy } from './soft-policy.js';
export type { StepCoupling } from './step-coupling.js';
export {
  ebim,
  ebimHuffman,
  ebimUniform,
  markovCodingGame,
  markovCodingGameUniform,
  markovCodingReceiver,
  markovCodingSender,
  mec,
  mecB,
  mecBUniform,
  mecExact,
  mecIndependent,
  mecSla,
  mecZeroSeeking,
};

export default definePlugin({
  name: '@espalier/plugin-mec-b',
  algorithms: [
    ebim,
    ebimUniform,
    ebimHuffman,
    mec,
    mecZeroSeeking,
    mecIndependent,
    mecSla,
    mecExact,
    mecB,
    mecBUniform,
    markovCodingGame,
    markovCodingGameUniform,
    markovCodingSender,
    markovCodingReceiver,
  ],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
