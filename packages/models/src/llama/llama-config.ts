import { InvalidProblemError } from '@espalier/core';
import type { LlamaConfig } from '../checkpoint/config.js';

/** What the decoder needs of a configuration: everything but where it came from and the special tokens. */
export type DecoderConfig = Omit<
  LlamaConfig,
  'modelType' | 'bosId' | 'eosIds' | 'source' | 'ropeScaling' | 'slidingWindow'
> &
  Partial<Pick<LlamaConfig, 'ropeScaling' | 'slidingWindow'>>;

/** @throws InvalidProblemError that names the first field which is not possible */
export function checkDecoderConfig(config: DecoderConfig): void {
  const whole = [
    'vocabularySize',
    'hiddenSize',
    'intermediateSize',
    'layers',
    'heads',
    'kvHeads',
    'headDim',
    'contextLength',
  ] as const;
  for (const field of whole) {
    const value = config[field];
    check(Number.isSafeInteger(value) && value >= 1, field, value, 'a whole number of at least 1');
  }
  const { heads, kvHeads, headDim, vocabularySize, normEpsilon, ropeTheta, ropeScaling } = config;
  check(vocabularySize >= 2, 'vocabularySize', vocabularySize, 'at least 2');
  check(heads % kvHeads === 0, 'kvHeads', kvHeads, `a divisor of heads (${heads})`);
  check(headDim % 2 === 0, 'headDim', headDim, 'even');
  check(normEpsilon >= 0 && normEpsilon < 1, 'normEpsilon', normEpsilon, 'in [0, 1)');
  check(ropeTheta > 1 && Number.isFinite(ropeTheta), 'ropeTheta', ropeTheta, 'a finite number above 1');
  const factor = ropeScaling?.factor ?? 1;
  check(
    factor >= 1 && Number.isFinite(factor),
    'ropeScaling.factor',
    factor,
    'a finite number of at least 1',
  );
  const wide = ropeScaling?.type !== 'dynamic' || headDim > 2;
  check(wide, 'headDim', headDim, 'above 2 where the scaling is dynamic');
  if (ropeScaling?.type !== 'llama3') return;
  const { lowFrequencyFactor: low, highFrequencyFactor: high } = ropeScaling;
  check(low > 0, 'ropeScaling.lowFrequencyFactor', low, 'above 0');
  check(high > low, 'ropeScaling.highFrequencyFactor', high, `above lowFrequencyFactor (${low})`);
}

function check(holds: boolean, field: string, given: number, allowed: string): void {
  if (!holds)
    throw new InvalidProblemError(`The configuration's ${field} must be ${allowed}; given ${given}.`);
}

/** The longest sequence in tokens: the trained context, times the factor where linear or dynamic scaling extends it. */
export function longestSequence({ contextLength, ropeScaling }: DecoderConfig): number {
  const extended = ropeScaling?.type === 'linear' || ropeScaling?.type === 'dynamic';
  return extended ? Math.floor(contextLength * ropeScaling.factor) : contextLength;
}
