import { createCheckpointWriter } from '../checkpoint/checkpoint-writer.js';
import type { OutputFolder } from '../checkpoint/output-folder.js';
import type { LlamaModel } from '../llama/llama-model.js';

/** Writes a decoder whose weights are dense as a Hugging Face folder in float32. */
export async function writeLlama(model: LlamaModel, target: string | OutputFolder): Promise<void> {
  const tensors = [
    ...model.layers().map(({ name, weight }) => ({ name: `${name}.weight`, tensor: weight.toDense() })),
    ...Object.entries(model.otherParameters()).map(([name, tensor]) => ({ name, tensor: tensor.clone() })),
  ];
  try {
    const plan = tensors.map(({ name, tensor }) => ({ name, shape: tensor.shape, dtype: 'F32' as const }));
    const writer = await createCheckpointWriter(target, plan, { config: configJson(model.config) });
    try {
      for (const { name, tensor } of tensors)
        await writer.write(name, Float32Array.from(await tensor.data()));
      await writer.finish();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  } finally {
    for (const { tensor } of tensors) tensor.dispose();
  }
}

/** A Hugging Face configuration of the decoder. */
function configJson({ biases, ...config }: LlamaModel['config']) {
  return {
    architectures: [biases.qkv ? 'Qwen2ForCausalLM' : 'LlamaForCausalLM'],
    model_type: biases.qkv ? 'qwen2' : 'llama',
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tied,
    hidden_act: 'silu',
    torch_dtype: 'float32',
  };
}
