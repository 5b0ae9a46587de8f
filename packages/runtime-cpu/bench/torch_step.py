"""The benchmark's models and products in PyTorch on the CPU; prints the result as JSON: torch_step.py WEIGHTS_FOLDER SECONDS THREADS"""
import json
import math
import sys
import time

import numpy
import torch
import torch.nn.functional as F

folder, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
manifest = json.load(open(f"{folder}/manifest.json"))


def load(name, dtype=numpy.float32):
    return torch.from_numpy(numpy.fromfile(f"{folder}/{name}.bin", dtype=dtype))


def parameters(model):
    flat = load(model)
    result, start = {}, 0
    for name, shape in manifest[model]:
        size = math.prod(shape)
        result[name] = flat[start : start + size].reshape(shape).clone().requires_grad_()
        start += size
    return result


def rms_norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain


def transformer():
    c = manifest["transformerSettings"]
    w = parameters("transformer")
    b, t, h, d = c["batch"], c["tokens"], c["heads"], c["width"] // c["heads"]
    tokens = load("tokens", numpy.int32).long().reshape(b, t + 1)
    source, target = tokens[:, :-1].reshape(-1), tokens[:, 1:].reshape(-1)
    angles = torch.outer(torch.arange(t).float(), 10000.0 ** (torch.arange(d // 2).float() * -2 / d))
    cos, sin = angles.cos()[:, None, :], angles.sin()[:, None, :]
    hidden = torch.full((t, t), float("-inf")).triu(1)

    def rotate(x):
        low, high = x.chunk(2, -1)
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

    def loss():
        x = F.embedding(source, w["embedding"])
        for i in range(c["layers"]):
            n = rms_norm(x, w[f"{i}.norm1"])
            q, k, v = ((n @ w[f"{i}.{name}"]).reshape(b, t, h, d) for name in "qkv")
            q, k, v = (y.transpose(1, 2) for y in (rotate(q), rotate(k), v))
            p = torch.softmax(q @ k.transpose(2, 3) * d**-0.5 + hidden, -1)
            x = x + (p @ v).transpose(1, 2).reshape(b * t, c["width"]) @ w[f"{i}.o"]
            n = rms_norm(x, w[f"{i}.norm2"])
            x = x + (F.silu(n @ w[f"{i}.gate"]) * (n @ w[f"{i}.up"])) @ w[f"{i}.down"]
        return F.cross_entropy(rms_norm(x, w["norm"]) @ w["head"], target)

    return w, loss


def conv_net():
    c = manifest["convNetSettings"]
    w = parameters("convNet")
    # Filters: [height, width, in, out] there, [out, in, height, width] here.
    for i in range(4):
        w[f"filter{i}"] = w[f"filter{i}"].detach().permute(3, 2, 0, 1).contiguous().requires_grad_()
    images = load("images").reshape(c["batch"], 1, c["side"], c["side"])
    labels = load("labels", numpy.int32).long()

    def loss():
        x = images
        for i in range(4):
            x = F.relu(F.conv2d(x, w[f"filter{i}"], w[f"bias{i}"], padding=1))
            if i % 2 == 1:
                x = F.max_pool2d(x, 2)
        flat = x.permute(0, 2, 3, 1).reshape(c["batch"], -1)
        dense = F.relu(flat @ w["dense"] + w["denseBias"])
        return F.cross_entropy(dense @ w["head"] + w["headBias"], labels)

    return w, loss


def train(model):
    w, loss = model()
    adam = torch.optim.Adam(w.values(), lr=1e-3)

    def step():
        adam.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        adam.step()
        return value.item()

    losses = [step() for _ in range(20)]
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    times.sort()
    return {"milliseconds": times[len(times) // 2] * 1000, "best": times[0] * 1000, "loss": losses[-1]}


def gigaflops(product):
    batch, m, n, k = product["batch"], product["m"], product["n"], product["k"]
    lead = [batch] if batch > 1 else []
    a = torch.rand(lead + ([k, m] if product.get("transposeA") else [m, k]))
    b = torch.rand(lead + ([n, k] if product.get("transposeB") else [k, n]))
    a = a.transpose(-1, -2) if product.get("transposeA") else a
    b = b.transpose(-1, -2) if product.get("transposeB") else b
    for _ in range(3):
        a @ b
    best, end = float("inf"), time.perf_counter() + seconds / 10
    while time.perf_counter() < end:
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * batch * m * n * k / best / 1e9


print(
    json.dumps(
        {
            "facts": {"version": torch.__version__, "threads": torch.get_num_threads()},
            "products": {product["name"]: gigaflops(product) for product in manifest["products"]},
            "transformer": train(transformer),
            "convNet": train(conv_net),
        }
    )
)
