"""Trains the digits perceptron with PyTorch's optimizers: python3 peers.py digits.csv SEEDS. Prints JSON.

The same network, batches, epochs and learning rates as the benchmark, from PyTorch's own random numbers; means over the seeds and medians.
"""
import json
import statistics
import sys

import torch
from torch import nn

torch.set_num_threads(1)
path, seeds = sys.argv[1], int(sys.argv[2])
rows = torch.tensor([[float(cell) for cell in line.split(",")] for line in open(path)])
inputs, labels = rows[:, :64] / 16, rows[:, 64].long()
TRAIN, BATCH, EPOCHS = 1437, 64, 20
loss_of = nn.CrossEntropyLoss()


def train(make, seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    for layer in (model[0], model[2]):
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    optimizer = make(model.parameters())
    for _ in range(EPOCHS):
        order = torch.randperm(TRAIN)
        for start in range(0, TRAIN - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            optimizer.zero_grad()
            loss_of(model(inputs[batch]), labels[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        loss = loss_of(model(inputs[:TRAIN]), labels[:TRAIN]).item()
        accuracy = (model(inputs[TRAIN:]).argmax(1) == labels[TRAIN:]).float().mean().item()
    return (loss if loss == loss and loss < 1e6 else 1e6), accuracy


def grid(name, rates, make):
    measured = {}
    for rate in rates:
        runs = [train(lambda parameters: make(parameters, rate), seed) for seed in range(seeds)]
        measured[f"{name}@{rate}.loss"] = sum(loss for loss, _ in runs) / seeds
        measured[f"{name}@{rate}.medianLoss"] = statistics.median(loss for loss, _ in runs)
        measured[f"{name}@{rate}.testAccuracy"] = sum(accuracy for _, accuracy in runs) / seeds
    return measured


print(
    json.dumps(
        {
            "versions": {"python": sys.version.split()[0], "torch": torch.__version__},
            "measured": {
                "sgd": grid(
                    "torch-sgd",
                    ["0.5", "1", "2", "4"],
                    lambda p, rate: torch.optim.SGD(p, lr=float(rate), momentum=0.9, dampening=0.9),
                ),
                "adamw": grid(
                    "torch-adamw",
                    ["0.01", "0.03", "0.1", "0.3"],
                    lambda p, rate: torch.optim.AdamW(p, lr=float(rate), weight_decay=0),
                ),
            },
        }
    )
)
