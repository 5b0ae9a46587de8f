import type { GoldenFile, GoldenRunner, JsonObject } from '@espalier/core';
import { channelStep, decodeStep, openChannel } from './coding-channel.js';
import type { CodingScheme } from './coding-scheme.js';
import { entropy } from './entropy.js';
import { type Cell, gridWorld } from './grid-world.js';
import { type SoftPolicy, softPolicy } from './soft-policy.js';

interface GridConfig extends JsonObject {
  readonly shape: Cell;
  readonly goal: Cell;
  readonly trap: Cell;
  readonly obstacles: readonly Cell[];
  readonly start: Cell;
  readonly noise: number;
  readonly discount: number;
  readonly iterations: number;
  readonly beta: number;
  readonly rate: number;
}

interface EpisodeCase extends JsonObject {
  /** The authors' names of Algorithm 1 and the uniform quantizer. */
  readonly method: 'search_function' | 'scalar_quant';
  readonly prior: number[];
  readonly message: number;
  readonly R?: number;
  readonly steps: readonly (JsonObject & { readonly state: number; readonly action: number })[];
}

interface GridFile extends GoldenFile {
  readonly config: GridConfig;
  readonly policy?: number[][];
  readonly q?: number[][];
  readonly episodes?: readonly EpisodeCase[];
}

/** Soft values and policy of a grid world, and episodes that are replayed with the actions of the file. */
export const gridworld: GoldenRunner = {
  async run(file) {
    const { config, policy, q, episodes } = file as GridFile;
    const world = gridWorld(config);
    const soft = softPolicy(world, config.discount, config.beta, config.iterations);
    const rows = (values: Float64Array) =>
      Array.from({ length: world.states }, (_, s) => [
        ...values.subarray(s * world.actions, (s + 1) * world.actions),
      ]);
    return {
      ...(policy && { policy: rows(soft.policy) }),
      ...(q && { q: rows(soft.q) }),
      ...(episodes && {
        episodes: episodes.map((episode) => replay(episode, soft, world.actions, config.rate)),
      }),
    };
  },
  tolerance: (path, file) => {
    const tolerances = file.tolerance as Readonly<Record<string, number>> | undefined;
    const name = path[0] === 'episodes' && path.at(-1) !== 'R' ? 'belief' : 'policy';
    return { absolute: tolerances?.[name] ?? 1e-9, relative: 0 };
  },
};

/** The law of the sender at each step, and the belief after it. */
function replay(
  { method, prior, message, R, steps }: EpisodeCase,
  { policy }: SoftPolicy,
  actions: number,
  rate: number,
): JsonObject {
  const scheme: CodingScheme = {
    encoder: method === 'scalar_quant' ? 'uniform' : 'search',
    decoder: 'max-seeking',
    compress: 'message',
  };
  let channel = openChannel(Float64Array.from(prior), { rate });
  const [budget] = channel.budgets;
  const replayed = steps.map(({ state, action }) => {
    const law = policy.subarray(state * actions, (state + 1) * actions);
    const actionLaw = [...channelStep(channel, law, scheme).actionLaw(message)];
    channel = decodeStep(channel, law, action, scheme);
    const [belief] = channel.beliefs as readonly [Float64Array];
    return { actionLaw, beliefOfMessage: belief[message]!, beliefEntropy: entropy(belief) };
  });
  return { ...(R !== undefined && { R: budget! }), steps: replayed };
}
