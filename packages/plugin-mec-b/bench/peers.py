"""Plain implementations of the same methods: python3 peers.py FOLDER LIMIT. Prints JSON. Times are processor time.

FOLDER holds cases.json and raw little-endian float64 files. A method whose work grows with the square of the size is left out where it
would take longer than LIMIT seconds, judged by its last size.
"""
import heapq
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

warnings.filterwarnings("ignore")
folder, limit = Path(sys.argv[1]), float(sys.argv[2])
cases = json.loads((folder / "cases.json").read_text())


def load(name):
    return np.fromfile(folder / f"{name}.f64")


def bits(masses):
    masses = masses[masses > 0]
    return float(-(masses * np.log2(masses)).sum())


def heap_greedy(p, q):
    """Max-seeking coupling with two heaps of the standard library."""
    rows = [(-v, i) for i, v in enumerate(p) if v > 0]
    columns = [(-v, j) for j, v in enumerate(q) if v > 0]
    heapq.heapify(rows)
    heapq.heapify(columns)
    cells = []
    while rows and columns:
        (a, i), (b, j) = rows[0], columns[0]
        mass = min(-a, -b)
        cells.append((i, j, mass))
        if -a > mass:
            heapq.heapreplace(rows, (a + mass, i))
        else:
            heapq.heappop(rows)
        if -b > mass:
            heapq.heapreplace(columns, (b + mass, j))
        else:
            heapq.heappop(columns)
    return cells


def argmax_greedy(p, q):
    """Max-seeking coupling as it is written down: the largest masses are looked for in each step."""
    p, q, cells = p.copy(), q.copy(), []
    while True:
        i, j = int(p.argmax()), int(q.argmax())
        mass = min(p[i], q[j])
        if mass <= 1e-15:
            return cells
        cells.append((i, j, mass))
        p[i] -= mass
        q[j] -= mass


def loop_search(p, budget):
    """Algorithm 1 as it is written down: merge, sort, compute the entropy anew."""
    columns = np.sort(p[p > 0])[::-1]
    if bits(columns) <= budget + 1e-12:
        return bits(columns)
    while True:
        smallest = np.append(columns[:-2], columns[-2:].sum())
        if bits(smallest) <= budget + 1e-12:
            return bits(smallest)
        columns = np.append(columns[:2].sum(), columns[2:])  # the largest stays the largest
        if bits(columns) <= budget + 1e-12:
            return bits(columns)


def successive_linearization(p, q, rng):
    """The baseline with scipy's HiGHS for the linear programmes."""
    n, m = len(p), len(q)
    cells = np.arange(n * m)
    ones = np.ones(2 * n * m)
    equations = coo_matrix((ones, (np.concatenate([cells // m, n + cells % m]), np.concatenate([cells, cells]))))
    sides = np.concatenate([p, q])
    current, best = np.outer(p, q).ravel() * (1 + 0.1 * rng.random(n * m)), np.inf
    while True:
        cost = -(np.log2(np.e) + np.log2(np.maximum(current, 1e-12)))
        found = linprog(cost, A_eq=equations.tocsr(), b_eq=sides, bounds=(0, None), method="highs-ds").x
        entropy = bits(found)
        if entropy > best - 1e-12:
            return best
        current, best = found, entropy


def search_groups(belief, budget):
    """Labels of Algorithm 1 and the masses of the columns."""
    order = np.argsort(-belief, kind="stable")
    order = order[belief[order] > 0]
    sorted_p, n = belief[order], int((belief > 0).sum())
    labels = np.full(len(belief), -1)
    labels[order] = np.arange(n)
    if bits(sorted_p) <= budget + 1e-12:
        return labels
    head = 1
    while True:
        columns = np.append(sorted_p[:head].sum(), sorted_p[head:])
        if len(columns) == 2 or bits(np.append(columns[:-2], columns[-2:].sum())) <= budget + 1e-12:
            labels[order[:head]] = 0
            labels[order[-1]] = labels[order[-2]]
            return labels
        head += 1
        if bits(np.append(sorted_p[:head].sum(), sorted_p[head:])) <= budget + 1e-12:
            labels[order[:head]] = 0
            return labels


def game_step(policy, belief, budget):
    """The joint of action and message of one step of the coding game, dense."""
    labels = search_groups(belief, budget)
    pt = np.bincount(labels[labels >= 0], weights=belief[labels >= 0])
    joint = np.zeros((len(pt), len(policy)))
    for t, a, mass in argmax_greedy(pt, policy):
        joint[t, a] = mass
    conditional = joint / np.where(pt > 0, pt, 1)[:, None]
    rows = conditional[np.maximum(labels, 0)] * np.where(labels >= 0, belief, 0)[:, None]
    return rows.T


def replay(case):
    """The beliefs of a recorded episode, from the laws and actions of its steps."""
    policies = load("policies").reshape(-1, case["actions"])
    beliefs = [load("prior")]
    for policy, action in zip(policies, case["taken"]):
        row = game_step(policy, beliefs[-1], case["budget"])[action]
        beliefs.append(row / row.sum())
    return beliefs[1:]


def timed(work):
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def sizes(name, method, prepare, entropy_of, growth):
    """Seconds of a method by size, as long as they stay below the limit."""
    rows, last = [], None
    for n in cases["sizes"]:
        if last and last[1] * (n / last[0]) ** growth > limit:
            break
        arguments = prepare(n)
        result, seconds = timed(lambda: method(*arguments))
        last = (n, seconds)
        rows.append({"n": n, "seconds": seconds, "bits": entropy_of(result)})
    return {"method": name, "rows": rows}


def marginals(n):
    return load(f"p{n}"), load(f"q{n}")


def masses_of(cells):
    return bits(np.array([mass for _, _, mass in cells]))


pairs = load("pairs").reshape(-1, 2, cases["pairSize"])
rng = np.random.default_rng(0)
sla, sla_seconds = timed(lambda: np.mean([successive_linearization(p, q, rng) for p, q in pairs]))
greedy, greedy_seconds = timed(lambda: np.mean([masses_of(argmax_greedy(p, q)) for p, q in pairs]))
REPLAYS = 10
replays, replay_seconds = timed(lambda: [replay(cases["game"]) for _ in range(REPLAYS)])
print(
    json.dumps(
        {
            "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__},
            "coupling": [
                sizes("Python, two heaps (heapq)", heap_greedy, marginals, masses_of, 1.1),
                sizes("numpy, argmax in each step", argmax_greedy, marginals, masses_of, 2),
            ],
            "encoding": [
                sizes(
                    "numpy, the loop as written",
                    loop_search,
                    lambda n: (load(f"p{n}"), cases["budgets"][str(n)]),
                    float,
                    2,
                ),
            ],
            "quality": [
                {"method": "scipy, SLA with HiGHS", "bits": float(sla), "seconds": sla_seconds},
                {"method": "numpy, max-seeking", "bits": float(greedy), "seconds": greedy_seconds},
            ],
            "game": {
                "secondsPerStep": replay_seconds / (REPLAYS * len(cases["game"]["taken"])),
                "beliefs": [belief.tolist() for belief in replays[0]],
            },
        }
    )
)
