"""GP-UCB on scikit-learn's Gaussian process: python3 peers.py PROBLEM_FOLDER SECONDS. Prints JSON. Times are processor time.

The folder holds problem.json ({ dimension, budget, noiseVariance, lengthScale }) and points.f64, truth.f64, noise.f64 (raw
little-endian float64). The candidate of largest mean + beta sigma, beta = 1 + sqrt(logdet + log T), is evaluated once, then the process
is fitted again: to all values, or to the unique candidates with noise lambda / count, which gives the same posterior.
"""
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

warnings.filterwarnings("ignore")
folder, limit = Path(sys.argv[1]), float(sys.argv[2])
problem = json.loads((folder / "problem.json").read_text())
points = np.fromfile(folder / "points.f64").reshape(-1, problem["dimension"])
truth, noise = np.fromfile(folder / "truth.f64"), np.fromfile(folder / "noise.f64")
budget, lam = problem["budget"], problem["noiseVariance"]
kernel = RBF(problem["lengthScale"], "fixed")


def all_values(history):
    index = np.array([i for i, _ in history])
    return index, np.array([y for _, y in history]), np.full(len(history), lam)


def unique_candidates(history):
    index, values, _ = all_values(history)
    unique, inverse, counts = np.unique(index, return_inverse=True, return_counts=True)
    return unique, np.bincount(inverse, values) / counts, lam / counts


def gp_ucb(name, rows_of):
    start, history, regret = time.process_time(), [], 0.0
    while len(history) < budget and time.process_time() - start < limit:
        if history:
            rows, values, alpha = rows_of(history)
            gp = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None).fit(points[rows], values)
            mean, sigma = gp.predict(points, return_std=True)
            logdet = 2 * np.log(np.diag(gp.L_)).sum() - np.log(alpha).sum()
        else:
            mean, sigma, logdet = np.zeros(len(points)), np.ones(len(points)), 0.0
        chosen = int(np.argmax(mean + (1 + np.sqrt(logdet + np.log(budget))) * sigma))
        history.append((chosen, truth[chosen] + noise[len(history)]))
        regret += truth.max() - truth[chosen]
    seconds = time.process_time() - start
    rows, values, alpha = unique_candidates(history)
    gp = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None).fit(points[rows], values)
    best = rows[np.argmax(gp.predict(points[rows]))]
    return {
        "solver": name,
        "seconds": seconds,
        "evaluations": len(history),
        "regret": regret / len(history) / (truth.max() - truth.mean()),
        "simple": float(truth.max() - truth[best]),
        "unique": len(rows),
        "updates": len(history),
    }


versions = {"python": sys.version.split()[0], "numpy": np.__version__, "scikit-learn": sklearn.__version__}
results = [
    gp_ucb("scikit-learn, GP-UCB, all values", all_values),
    gp_ucb("scikit-learn, GP-UCB, unique candidates", unique_candidates),
]
print(json.dumps({"versions": versions, "results": results}))
