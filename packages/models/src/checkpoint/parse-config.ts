import { InvalidDataError, type Json, type JsonObject, UnsupportedError } from '@espalier/core';
import type { LlamaConfig, RopeScaling } from './config.js';
import { isJsonObject } from './strict-json.js';

const MODEL_TYPES = ['llama', 'mistral', 'qwen2'] as const;

/**
 * Reads `config.json` of a Llama-architecture model, in the fields of Hugging Face's transformers (both spellings: RoPE as
 * `rope_theta` and `rope_scaling`, and as `rope_parameters`). What is absent has the default of the model's own class.
 * @param file for messages
 * @throws InvalidDataError for a field that is missing or contradicts another one
 * @throws UnsupportedError for another architecture, activation, or RoPE scaling
 */
export function parseLlamaConfig(source: JsonObject, file = 'config.json'): LlamaConfig {
  const modelType = MODEL_TYPES.find((type) => type === source.model_type);
  if (modelType === undefined) {
    throw new UnsupportedError(
      `${file}: model_type is ${JSON.stringify(source.model_type)}; supported are ${MODEL_TYPES.join(', ')}.`,
    );
  }
  const field = fieldsOf(source, file);
  const hiddenSize = field.size('hidden_size');
  const heads = field.size('num_attention_heads');
  const kvHeads = field.size('num_key_value_heads', modelType === 'llama' ? heads : undefined);
  if (source.head_dim == null && hiddenSize % heads !== 0) {
    throw new InvalidDataError(
      `${file}: hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}, and head_dim is not given.`,
    );
  }
  const headDim = field.size('head_dim', hiddenSize / heads);
  if (heads % kvHeads !== 0) {
    throw new InvalidDataError(
      `${file}: num_attention_heads ${heads} is no multiple of num_key_value_heads ${kvHeads}.`,
    );
  }
  if (headDim % 2 !== 0) {
    throw new InvalidDataError(`${file}: head_dim is ${headDim}; rotary embeddings need an even one.`);
  }
  field.oneOf('hidden_act', 'silu', ['silu', 'swish']);
  const contextLength = field.size('max_position_embeddings', DEFAULT_CONTEXT[modelType]);
  const rope = ropeFields(source, file);
  fieldsOf(rope, file).oneOf('partial_rotary_factor', 1, [1]);
  const attentionBias = modelType === 'llama' && field.flag('attention_bias', false);
  return {
    modelType,
    vocabularySize: field.size('vocab_size'),
    hiddenSize,
    intermediateSize: field.size('intermediate_size'),
    layers: field.size('num_hidden_layers'),
    heads,
    kvHeads,
    headDim,
    contextLength,
    normEpsilon: field.positive('rms_norm_eps', 1e-6),
    ropeTheta: fieldsOf(rope, file).positive('rope_theta', 10_000),
    ropeScaling: parseRopeScaling(rope, contextLength, file),
    tied: field.flag('tie_word_embeddings', false),
    biases: {
      qkv: modelType === 'qwen2' || attentionBias,
      output: attentionBias,
      mlp: modelType === 'llama' && field.flag('mlp_bias', false),
    },
    slidingWindow: slidingWindow(modelType, source, file),
    bosId: field.tokens('bos_token_id')[0],
    eosIds: field.tokens('eos_token_id'),
    source,
  };
}

/** `max_position_embeddings` of the configuration classes of transformers. */
const DEFAULT_CONTEXT = { llama: 2048, mistral: 131_072, qwen2: 32_768 } as const;

/** Typed access to fields, with the name of the field in every error. */
function fieldsOf(source: JsonObject, file: string) {
  const refuse = (name: string, allowed: string) =>
    new InvalidDataError(`${file}: ${name} is ${JSON.stringify(source[name])}; it has to be ${allowed}.`);
  const given = (name: string, fallback: Json | undefined) => source[name] ?? fallback;
  return {
    /** A positive integer. */
    size(name: string, fallback?: number): number {
      const value = given(name, fallback);
      if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
      throw refuse(name, 'a positive integer');
    },
    positive(name: string, fallback?: number): number {
      const value = given(name, fallback);
      if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
      throw refuse(name, 'a positive number');
    },
    flag(name: string, fallback: boolean): boolean {
      const value = given(name, fallback);
      if (typeof value === 'boolean') return value;
      throw refuse(name, 'true or false');
    },
    oneOf(name: string, fallback: Json, allowed: readonly Json[]): void {
      const value = given(name, fallback);
      if (allowed.includes(value!)) return;
      throw new UnsupportedError(
        `${file}: ${name} is ${JSON.stringify(value)}; supported is ${allowed.map((item) => JSON.stringify(item)).join(' or ')}.`,
      );
    },
    /** One token number, several, or none. */
    tokens(name: string): number[] {
      const value = given(name, []);
      const list = Array.isArray(value) ? (value as readonly Json[]) : [value!];
      if (list.every((token) => Number.isSafeInteger(token) && (token as number) >= 0))
        return list as number[];
      throw refuse(name, 'a token number, or a list of them');
    },
  };
}

/** The RoPE fields in the older spelling, whichever the file has. */
function ropeFields(source: JsonObject, file: string): JsonObject {
  const { rope_parameters: parameters, rope_scaling: scaling, rope_theta: theta } = source;
  for (const [name, value] of Object.entries({ rope_parameters: parameters, rope_scaling: scaling })) {
    if (value != null && !isJsonObject(value)) {
      throw new InvalidDataError(
        `${file}: ${name} is ${JSON.stringify(value)}; it has to be an object or null.`,
      );
    }
  }
  const chosen = (parameters ?? scaling ?? {}) as JsonObject;
  return {
    ...chosen,
    rope_theta: chosen.rope_theta ?? theta,
    partial_rotary_factor: chosen.partial_rotary_factor ?? source.partial_rotary_factor,
  };
}

function parseRopeScaling(rope: JsonObject, contextLength: number, file: string): RopeScaling | undefined {
  const type = rope.rope_type ?? rope.type ?? 'default';
  const field = fieldsOf(rope, `${file}, RoPE`);
  const originalContextLength = () => field.size('original_max_position_embeddings', contextLength);
  switch (type) {
    case 'default':
      return undefined;
    case 'linear':
      return { type, factor: field.positive('factor') };
    case 'dynamic':
      return { type, factor: field.positive('factor'), originalContextLength: originalContextLength() };
    case 'llama3': {
      const lowFrequencyFactor = field.positive('low_freq_factor');
      const highFrequencyFactor = field.positive('high_freq_factor');
      if (lowFrequencyFactor >= highFrequencyFactor) {
        throw new InvalidDataError(
          `${file}: low_freq_factor ${lowFrequencyFactor} is not below high_freq_factor ${highFrequencyFactor}.`,
        );
      }
      return {
        type,
        factor: field.positive('factor'),
        lowFrequencyFactor,
        highFrequencyFactor,
        originalContextLength: field.size('original_max_position_embeddings'),
      };
    }
    default:
      throw new UnsupportedError(
        `${file}: the RoPE scaling is ${JSON.stringify(type)}; supported are default, linear, dynamic, llama3.`,
      );
  }
}

/** Mistral has a window unless its file says null; Qwen2 names one that is in use only where a flag says so. */
function slidingWindow(
  modelType: LlamaConfig['modelType'],
  source: JsonObject,
  file: string,
): number | undefined {
  if (modelType === 'mistral' && source.sliding_window !== null) {
    return fieldsOf(source, file).size('sliding_window', 4096);
  }
  if (modelType === 'qwen2' && source.use_sliding_window === true) {
    throw new UnsupportedError(
      `${file}: use_sliding_window is true; layers with windows of their own are not supported.`,
    );
  }
  return undefined;
}

/** The configuration with another element type of the stored weights, in the spelling that it has. */
export function withDtype(source: JsonObject, dtype: 'F32' | 'F16' | 'BF16'): JsonObject {
  const name = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype];
  return { ...source, [Object.hasOwn(source, 'dtype') ? 'dtype' : 'torch_dtype']: name };
}
