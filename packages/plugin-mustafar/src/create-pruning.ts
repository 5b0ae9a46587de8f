import type { MustafarOptions } from './mustafar-options.js';
import { OutputAwareByChannel, OutputAwareByToken } from './output-aware-pruning.js';
import { channelMagnitude, tokenMagnitude } from './pruners/magnitude.js';
import type { Pruning } from './pruning.js';
import { ByChannels, Scheduled, Unpruned } from './scheduled-pruning.js';

/** The pruning of one half. */
export function createPruning(
  target: 'key' | 'value',
  d: number,
  sparsity: number,
  options: MustafarOptions,
): Pruning {
  const method = target === 'key' ? options.keyMethod : options.valueMethod;
  switch (method) {
    case 'token-magnitude':
      return new Scheduled(options, (rows) => tokenMagnitude(rows, d, sparsity));
    case 'channel-magnitude':
      return new Scheduled(options, (rows) => channelMagnitude(rows, d, sparsity, options.groupSize));
    case 'none':
      return new Unpruned();
    case 'think':
    case 'thinv':
      return new ByChannels(options, method, d, sparsity);
    case 'output-aware-token':
      return new OutputAwareByToken(target, d, sparsity, options.groupSize);
    case 'output-aware-channel':
      return new OutputAwareByChannel(d, sparsity, options.groupSize);
  }
}
