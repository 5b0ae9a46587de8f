"""Perplexity of a Llama-architecture decoder in PyTorch on the CPU, the reference of perplexity.mjs.

peer.py FOLDER TOKENS WINDOW BATCH THREADS ROUNDS: reads FOLDER/manifest.json (configuration and tensors) and FOLDER/weights.f32; prints JSON.
Plain PyTorch, as its users write it: fused scaled_dot_product_attention where this PyTorch has it, no gradients.
"""
import json
import math
import sys
import time

import numpy
import torch
import torch.nn.functional as F

folder, tokens_file = sys.argv[1], sys.argv[2]
window, batch, threads, rounds = (int(value) for value in sys.argv[3:7])
torch.set_num_threads(threads)
manifest = json.load(open(f"{folder}/manifest.json"))
config = manifest["config"]
flat = torch.from_numpy(numpy.fromfile(f"{folder}/weights.f32", dtype=numpy.float32))
weights, start = {}, 0
for name, shape in manifest["tensors"]:
    size = math.prod(shape)
    weights[name] = flat[start : start + size].reshape(shape).clone()
    start += size
stream = torch.from_numpy(numpy.fromfile(tokens_file, dtype=numpy.uint16).astype(numpy.int64))

heads, kv_heads, d = config["heads"], config["kvHeads"], config["headDim"]
positions = torch.arange(window, dtype=torch.float64)
angles = torch.outer(positions, config["ropeTheta"] ** (torch.arange(d // 2, dtype=torch.float64) * -2 / d))
cos, sin = angles.cos().float()[:, None, :], angles.sin().float()[:, None, :]
mask = torch.full((window, window), float("-inf")).triu(1)
fused = getattr(F, "scaled_dot_product_attention", None)


def rms_norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + config["normEpsilon"]) * gain


def rotate(x):
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)


def attention(q, k, v):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    k, v = (x.repeat_interleave(heads // kv_heads, 1) for x in (k, v))
    if fused:
        return fused(q, k, v, is_causal=True).transpose(1, 2)
    scores = (q @ k.transpose(2, 3)).mul_(d**-0.5).add_(mask)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2)


def logits(tokens):
    b, t = tokens.shape
    x = F.embedding(tokens, weights["model.embed_tokens.weight"])
    for layer in range(config["layers"]):
        at = f"model.layers.{layer}"
        linear = lambda name, y: F.linear(y, weights[f"{at}.{name}_proj.weight"])
        n = rms_norm(x, weights[f"{at}.input_layernorm.weight"])
        q = rotate(linear("self_attn.q", n).reshape(b, t, heads, d))
        k = rotate(linear("self_attn.k", n).reshape(b, t, kv_heads, d))
        v = linear("self_attn.v", n).reshape(b, t, kv_heads, d)
        x = x + linear("self_attn.o", attention(q, k, v).reshape(b, t, heads * d))
        n = rms_norm(x, weights[f"{at}.post_attention_layernorm.weight"])
        x = x + linear("mlp.down", F.silu(linear("mlp.gate", n)) * linear("mlp.up", n))
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    return F.linear(rms_norm(x, weights["model.norm.weight"]), head)


def perplexity():
    count = len(stream) // window
    windows = stream[: count * window].reshape(count, window)
    total = 0.0
    for first in range(0, count, batch):
        part = windows[first : first + batch]
        scores = logits(part)[:, :-1].reshape(-1, config["vocabularySize"])
        total += F.cross_entropy(scores, part[:, 1:].reshape(-1)).item() * len(part)
    return math.exp(total / count)


with torch.no_grad():
    result, times = perplexity(), []
    for _ in range(rounds):
        start_time = time.perf_counter()
        perplexity()
        times.append(time.perf_counter() - start_time)
print(json.dumps({"perplexity": result, "seconds": min(times), "version": torch.__version__, "threads": torch.get_num_threads()}))
