import { isEspalierError } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import { llamaTensors, openCheckpoint, parseLlamaConfig, type RawTensor } from '../src/checkpoint/index.js';
import { randomTensors, TINY, tinyFolder } from './checkpoint-fixture.js';

const scaled = (rope: object) => parseLlamaConfig({ ...TINY, ...rope }).ropeScaling;

describe('config.json', () => {
  it('of Llama: sizes as given, head_dim derived', () => {
    const { source, ...config } = parseLlamaConfig(TINY);
    expect(source).toBe(TINY);
    expect(config).toEqual({
      modelType: 'llama',
      vocabularySize: 11,
      hiddenSize: 8,
      intermediateSize: 12,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 2,
      contextLength: 32,
      normEpsilon: 1e-5,
      ropeTheta: 10000,
      ropeScaling: undefined,
      tied: false,
      biases: { qkv: false, output: false, mlp: false },
      slidingWindow: undefined,
      bosId: 1,
      eosIds: [2],
    });
  });

  it('of other models: biases, windows, heads of their own size, several ends of text', () => {
    const qwen = parseLlamaConfig({
      ...TINY,
      model_type: 'qwen2',
      sliding_window: 8,
      use_sliding_window: false,
    });
    expect(qwen.biases).toEqual({ qkv: true, output: false, mlp: false });
    expect(qwen.slidingWindow).toBeUndefined();
    const mistral = { ...TINY, model_type: 'mistral', head_dim: 6 };
    expect(parseLlamaConfig({ ...mistral, sliding_window: 16 }).slidingWindow).toBe(16);
    expect(parseLlamaConfig({ ...mistral, sliding_window: null }).slidingWindow).toBeUndefined();
    expect(parseLlamaConfig(mistral).slidingWindow).toBe(4096);
    expect(parseLlamaConfig(mistral).headDim).toBe(6);
    expect(
      llamaTensors(parseLlamaConfig(mistral)).get('model.layers.0.self_attn.q_proj.weight')?.shape,
    ).toEqual([24, 8]);
    const biased = parseLlamaConfig({ ...TINY, attention_bias: true, mlp_bias: true });
    expect(biased.biases).toEqual({ qkv: true, output: true, mlp: true });
    expect(llamaTensors(biased).get('model.layers.1.mlp.down_proj.bias')?.shape).toEqual([8]);
    expect(parseLlamaConfig({ ...TINY, eos_token_id: [2, 5], bos_token_id: null })).toMatchObject({
      bosId: undefined,
      eosIds: [2, 5],
    });
    const { num_key_value_heads: _, ...oldLlama } = TINY;
    expect(parseLlamaConfig(oldLlama).kvHeads).toBe(4);
  });

  it('with RoPE scaling in both spellings', () => {
    expect(scaled({ rope_scaling: { type: 'linear', factor: 2 } })).toEqual({ type: 'linear', factor: 2 });
    expect(scaled({ rope_scaling: { rope_type: 'dynamic', factor: 4 } })).toEqual({
      type: 'dynamic',
      factor: 4,
      originalContextLength: 32,
    });
    const llama3 = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    };
    const expected = {
      type: 'llama3',
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 16,
    };
    expect(scaled({ rope_scaling: llama3 })).toEqual(expected);
    const { rope_theta: _, ...rest } = TINY;
    const recent = parseLlamaConfig({ ...rest, rope_parameters: { ...llama3, rope_theta: 500000 } });
    expect(recent.ropeScaling).toEqual(expected);
    expect(recent.ropeTheta).toBe(500000);
    expect(scaled({ rope_parameters: { rope_type: 'default', rope_theta: 10000 } })).toBeUndefined();
  });

  it.each([
    [{ model_type: 'gpt2' }, 'unsupported', /model_type is "gpt2"; supported are llama, mistral, qwen2/],
    [{ hidden_act: 'gelu' }, 'unsupported', /hidden_act is "gelu"/],
    [{ partial_rotary_factor: 0.5 }, 'unsupported', /partial_rotary_factor is 0.5/],
    [{ rope_scaling: { type: 'yarn', factor: 2 } }, 'unsupported', /RoPE scaling is "yarn"/],
    [{ model_type: 'qwen2', use_sliding_window: true }, 'unsupported', /use_sliding_window is true/],
    [{ rope_scaling: 3 }, 'invalid-data', /rope_scaling is 3/],
    [{ rope_scaling: { type: 'linear' } }, 'invalid-data', /factor is undefined/],
    [
      {
        rope_scaling: {
          type: 'llama3',
          factor: 8,
          low_freq_factor: 4,
          high_freq_factor: 1,
          original_max_position_embeddings: 8,
        },
      },
      'invalid-data',
      /low_freq_factor 4 is not below/,
    ],
    [{ hidden_size: undefined }, 'invalid-data', /hidden_size is undefined; it has to be a positive integer/],
    [{ hidden_size: 10 }, 'invalid-data', /hidden_size 10 is no multiple of num_attention_heads 4/],
    [
      { num_key_value_heads: 3 },
      'invalid-data',
      /num_attention_heads 4 is no multiple of num_key_value_heads 3/,
    ],
    [{ head_dim: 3 }, 'invalid-data', /head_dim is 3; rotary embeddings need an even one/],
    [{ num_hidden_layers: 0 }, 'invalid-data', /num_hidden_layers is 0/],
    [{ vocab_size: 1.5 }, 'invalid-data', /vocab_size is 1.5/],
    [{ rms_norm_eps: 0 }, 'invalid-data', /rms_norm_eps is 0/],
    [{ rope_theta: -1 }, 'invalid-data', /rope_theta is -1/],
    [{ tie_word_embeddings: 1 }, 'invalid-data', /tie_word_embeddings is 1; it has to be true or false/],
    [{ eos_token_id: 'x' }, 'invalid-data', /eos_token_id is "x"/],
  ] as const)('%o is refused', (change, code, reason) => {
    const parse = () => parseLlamaConfig({ ...TINY, ...change } as typeof TINY, 'm/config.json');
    expect(parse).toThrow(reason);
    expect(parse).toThrow('m/config.json');
    expect(isEspalierError(catching(parse), code)).toBe(true);
  });
});

function catching(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('configuration and tensors', () => {
  const open = (config: object, tensors?: readonly RawTensor[]) =>
    openCheckpoint(tinyFolder(config as typeof TINY, tensors));
  const without = (...names: string[]) => randomTensors().filter(({ name }) => !names.includes(name));
  const tied = { ...TINY, tie_word_embeddings: true };

  it('that agree are a model', async () => {
    const { config, tensors, embedding, head } = await open(TINY);
    expect(config.layers).toBe(2);
    expect(tensors.names.length).toBe(2 * 9 + 3);
    expect([embedding, head]).toEqual(['model.embed_tokens.weight', 'lm_head.weight']);
    const qwen = { ...TINY, model_type: 'qwen2' };
    expect((await open(qwen, randomTensors(qwen))).tensors.has('model.layers.0.self_attn.k_proj.bias')).toBe(
      true,
    );
  });

  it('tied: either tensor, or both when they are equal', async () => {
    expect(await open(tied, without('lm_head.weight'))).toMatchObject({
      embedding: 'model.embed_tokens.weight',
      head: 'model.embed_tokens.weight',
    });
    expect(await open(tied, without('model.embed_tokens.weight'))).toMatchObject({
      embedding: 'lm_head.weight',
      head: 'lm_head.weight',
    });
    const embedding = randomTensors().find(({ name }) => name === 'model.embed_tokens.weight')!;
    const both = [...without('lm_head.weight'), { ...embedding, name: 'lm_head.weight' }];
    expect((await open(tied, both)).head).toBe('model.embed_tokens.weight');
  });

  it.each([
    ['tied, and both tensors differ', tied, undefined, /"tie_word_embeddings": true, and .* differ/],
    [
      'tied, and neither is there',
      tied,
      without('lm_head.weight', 'model.embed_tokens.weight'),
      /neither .* is there/,
    ],
    [
      'not tied, and the head is missing',
      TINY,
      without('lm_head.weight'),
      /'lm_head.weight' is missing.*"tie_word_embeddings": true/,
    ],
    ['a missing tensor', TINY, without('model.norm.weight'), /'model.norm.weight' is missing/],
    [
      'more layers than there are',
      { ...TINY, num_hidden_layers: 3 },
      randomTensors(),
      /'model.layers.2.input_layernorm.weight' is missing.*num_hidden_layers is 3/,
    ],
    [
      'absurdly many layers',
      { ...TINY, num_hidden_layers: 1e12 },
      randomTensors(),
      /num_hidden_layers 1000000000000; there are 21 tensors/,
    ],
    [
      'fewer layers than there are',
      { ...TINY, num_hidden_layers: 1 },
      randomTensors(),
      /'model.layers.1.*Look at num_hidden_layers, which is 1/,
    ],
    [
      'another width',
      { ...TINY, intermediate_size: 16 },
      randomTensors(),
      /gate_proj.weight' has the shape \[12,8\]; config.json says \[16,8\] \(intermediate_size, hidden_size\)/,
    ],
    [
      'other heads',
      { ...TINY, num_key_value_heads: 4 },
      randomTensors(),
      /k_proj.weight' .*num_key_value_heads \* head_dim/,
    ],
    [
      'biases that config.json does not know',
      TINY,
      [...randomTensors(), bias('model.layers.0.self_attn.q_proj.bias')],
      /q_proj.bias' belongs to no part.*attention_bias/,
    ],
    [
      'a tensor of another model',
      TINY,
      [...randomTensors(), bias('model.layers.0.self_attn.q_norm.weight')],
      /q_norm.weight' belongs to no part.*model_type, which is 'llama'/,
    ],
  ])('%s: refused by name', async (_, config, tensors, reason) => {
    const error = await open(config, tensors as RawTensor[] | undefined).catch((thrown) => thrown);
    expect(error.message).toMatch(reason);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  it('tables of RoPE that older files hold are passed over', async () => {
    const table = bias('model.layers.0.self_attn.rotary_emb.inv_freq');
    expect((await open(TINY, [...randomTensors(), table])).config.layers).toBe(2);
  });

  it('other quantizations are refused by name', async () => {
    await expect(
      open({ ...TINY, quantization_config: { quant_method: 'gptq' } }, randomTensors()),
    ).rejects.toThrow('quantized ("gptq")');
  });

  function bias(name: string): RawTensor {
    return { name, dtype: 'F32', shape: [8], bytes: new Uint8Array(32) };
  }
});
