"""Times peers on one transport problem: python3 peers.py PROBLEM_FOLDER SECONDS. Prints JSON. Times are processor time.

The folder holds problem.json ({ n, m, eta }) and cost.f64, a.f64, b.f64 (raw little-endian float64). Every error is computed here
from the plan that a peer returns, as |a - P 1|_1 + |b - P^T 1|_1.
"""
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp

warnings.filterwarnings("ignore")
folder, limit = Path(sys.argv[1]), float(sys.argv[2])
problem = json.loads((folder / "problem.json").read_text())
n, m, eta = problem["n"], problem["m"], problem["eta"]
cost = np.fromfile(folder / "cost.f64").reshape(n, m)
a, b = np.fromfile(folder / "a.f64"), np.fromfile(folder / "b.f64")
TOLERANCE = 1e-9
PROBE = 100  # iterations of the call that measures POT's speed


def l1_error(plan):
    return float(np.abs(a - plan.sum(1)).sum() + np.abs(b - plan.sum(0)).sum())


def log_sinkhorn():
    """Log-domain sweeps with scipy's logsumexp, until the tolerance or the time limit."""
    x, y, start, sweeps = np.zeros(n), np.zeros(m), time.process_time(), 0
    while True:
        rows = logsumexp(eta * (y[None, :] - cost), axis=1)
        error = np.abs(a - np.exp(eta * x + rows - 1)).sum()
        if sweeps > 0 and (error <= TOLERANCE or time.process_time() - start > limit):
            break
        x = (np.log(a) + 1 - rows) / eta
        y = (np.log(b) + 1 - logsumexp(eta * (x[:, None] - cost), axis=0)) / eta
        sweeps += 1
    plan = np.exp(eta * (x[:, None] + y[None, :] - cost) - 1)
    return plan, sweeps


def stabilized_sinkhorn():
    """Scalings with absorption every 50 sweeps or before they overflow."""
    x, y, start, sweeps = np.zeros(n), np.zeros(m), time.process_time(), 1
    x = (np.log(a) + 1 - logsumexp(eta * (y[None, :] - cost), axis=1)) / eta
    y = (np.log(b) + 1 - logsumexp(eta * (x[:, None] - cost), axis=0)) / eta
    kernel = np.exp(eta * (x[:, None] + y[None, :] - cost) - 1)
    u, v = np.ones(n), np.ones(m)
    while True:
        kv = kernel @ v
        error = np.abs(a - u * kv).sum()
        if error <= TOLERANCE or time.process_time() - start > limit:
            break
        u = a / kv
        v = b / (u @ kernel)
        sweeps += 1
        extreme = max(np.abs(np.log(u)).max(), np.abs(np.log(v)).max())
        if sweeps % 50 == 0 or extreme > 100:
            x, y = x + np.log(u) / eta, y + np.log(v) / eta
            kernel = np.exp(eta * (x[:, None] + y[None, :] - cost) - 1)
            u, v = np.ones(n), np.ones(m)
    return u[:, None] * kernel * v[None, :], sweeps


def python_optimal_transport(solver):
    """A solver of POT. It knows no time limit: each call tells how many iterations fit into ours, and the last one counts."""

    def call(iterations):
        # POT looks at the L2 norm of one marginal: at this threshold the L1 norm is at most the tolerance.
        threshold = TOLERANCE / np.sqrt(max(n, m))
        start = time.process_time()
        plan, log = solver(a, b, cost, 1 / eta, numItermax=iterations, stopThr=threshold, log=True)
        return plan, int(log.get("niter", log.get("n_iter", iterations))), time.process_time() - start

    def run():
        cap = PROBE
        while True:
            plan, iterations, took = call(cap)
            if l1_error(plan) <= TOLERANCE or took > 0.7 * limit:
                return plan, iterations, took
            cap = int(cap * limit / took)

    return run


def exact_assignment():
    rows, columns = linear_sum_assignment(cost)
    plan = np.zeros((n, m))
    plan[rows, columns] = a[rows]
    return plan, 0


def measure(name, run):
    start = time.process_time()
    plan, iterations, *own_time = run()
    seconds = own_time[0] if own_time else time.process_time() - start
    return {
        "solver": name,
        "iterations": iterations,
        "error": l1_error(plan),
        "cost": float((cost * plan).sum()),
        "seconds": seconds,
    }


versions = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__}
results = [
    measure("numpy, stabilized Sinkhorn", stabilized_sinkhorn),
    measure("scipy, log-domain Sinkhorn", log_sinkhorn),
]
try:
    import ot

    versions["POT"] = ot.__version__
    results.append(measure("POT sinkhorn_stabilized", python_optimal_transport(ot.bregman.sinkhorn_stabilized)))
    results.append(measure("POT sinkhorn_log", python_optimal_transport(ot.bregman.sinkhorn_log)))

    def network_simplex():
        return ot.emd(a, b, cost, numItermax=10_000_000), 0

    results.append(measure("POT emd (exact, no regularisation)", network_simplex))
except ImportError:
    pass
if n == m and np.ptp(a) == 0 and np.ptp(b) == 0:
    results.append(measure("scipy linear_sum_assignment (exact)", exact_assignment))
print(json.dumps({"versions": versions, "results": results}))
