"""Runs scikit-learn's coordinate-descent solvers on a problem written by run.mjs; prints JSON. Usage: peers.py FOLDER LIMIT_SECONDS GOAL ROUNDS"""
import json
import sys
import time
import warnings

import numpy as np
import scipy
import scipy.sparse
import sklearn
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

warnings.filterwarnings("ignore")
folder, limit, goal, rounds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
with open(f"{folder}/problem.json") as file:
    spec = json.load(file)
n, p = spec["rows"], spec["columns"]


def load(name, kind=np.float64):
    return np.fromfile(f"{folder}/{name}.bin", dtype=kind)


y = load("y")
if spec["sparse"]:
    X = scipy.sparse.csr_matrix((load("values"), load("columnIndices", np.int32), load("rowPointers", np.int32)), shape=(n, p))
else:
    X = load("data").reshape(n, p)
weight, l2, positive = spec["weight"], spec["l2"], spec["positive"]


def objective(w):
    z = X @ w
    if spec["kind"] == "logistic":
        loss = np.logaddexp(0, -y * z).sum()
    else:
        loss = 0.5 * ((z - y) ** 2).sum()
    return float(loss + weight * np.abs(w).sum() + 0.5 * l2 * (w @ w))


def candidates():
    if spec["kind"] == "logistic":
        common = dict(penalty="l1", C=1 / weight, fit_intercept=False, random_state=0)
        yield "scikit-learn LogisticRegression, liblinear", lambda tol: LogisticRegression(solver="liblinear", tol=tol, max_iter=100000, **common)
        yield "scikit-learn LogisticRegression, saga", lambda tol: LogisticRegression(solver="saga", tol=tol, max_iter=300, **common)
        return
    common = dict(fit_intercept=False, max_iter=1000000, positive=positive)
    if l2 > 0:
        alpha, ratio = (weight + l2) / n, weight / (weight + l2)
        yield "scikit-learn ElasticNet", lambda tol: ElasticNet(alpha=alpha, l1_ratio=ratio, tol=tol, **common)
        yield "scikit-learn ElasticNet, random", lambda tol: ElasticNet(alpha=alpha, l1_ratio=ratio, tol=tol, selection="random", random_state=0, **common)
        return
    yield "scikit-learn Lasso", lambda tol: Lasso(alpha=weight / n, tol=tol, **common)
    yield "scikit-learn Lasso, random", lambda tol: Lasso(alpha=weight / n, tol=tol, selection="random", random_state=0, **common)


results = []
for name, make in candidates():
    best = None
    # The loosest tolerance that reaches the goal counts: found from loose to tight, as a user who knows the minimum would.
    for tol in 10.0 ** np.arange(-1, -13, -1):
        model = make(tol)
        start = time.process_time()
        model.fit(X, y)
        seconds = time.process_time() - start
        w = np.ravel(model.coef_)
        value = objective(w)
        best = dict(solver=name, seconds=seconds, value=value, iterations=int(np.max(model.n_iter_)), support=int((w != 0).sum()))
        if value - spec["minimum"] <= goal * abs(spec["minimum"]) or seconds > limit:
            break
    for _ in range(rounds - 1):
        if best["seconds"] > 1:
            break
        model = make(tol)
        start = time.process_time()
        model.fit(X, y)
        best["seconds"] = min(best["seconds"], time.process_time() - start)
    results.append(best)

versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
print(json.dumps({"results": results, "versions": versions}))
