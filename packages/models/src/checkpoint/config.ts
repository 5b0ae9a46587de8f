import type { JsonObject } from '@espalier/core';

/** How rotary embeddings reach beyond the context that the model was trained on. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'dynamic';
      readonly factor: number;
      /** Length from which the base grows; `max_position_embeddings` where the file does not say. */
      readonly originalContextLength: number;
    }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    };

/** A decoder of the Llama architecture (Llama, Mistral, Qwen2): RMSNorm, RoPE, grouped-query attention, SwiGLU. */
export interface LlamaConfig {
  readonly modelType: 'llama' | 'mistral' | 'qwen2';
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Even. Given, or hiddenSize / heads; heads * headDim may differ from hiddenSize. */
  readonly headDim: number;
  /** Longest context in tokens. */
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | undefined;
  /** Whether the output head is the token embedding. */
  readonly tied: boolean;
  /** Which projections have a bias: Qwen2 has them at q, k and v. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Tokens that attention sees back, itself included; undefined: all (Mistral 0.1 has 4096). */
  readonly slidingWindow: number | undefined;
  readonly bosId: number | undefined;
  /** Several in Llama 3. */
  readonly eosIds: readonly number[];
  /** config.json as it was, for writing it again. */
  readonly source: JsonObject;
}
