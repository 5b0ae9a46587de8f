"""Times numpy and scipy on the cases of run.mjs and prints one JSON object. Run by run.mjs, single-threaded."""
import ctypes
import json
import os
import sys
import time

import numpy as np
import scipy
import scipy.linalg
import scipy.sparse
import scipy.special


def best(run, seconds):
    """Milliseconds of the fastest of the runs that fit into `seconds` (at least five)."""
    run()
    fastest, spent, count = float("inf"), 0.0, 0
    while spent < seconds or count < 5:
        start = time.perf_counter()
        run()
        elapsed = time.perf_counter() - start
        fastest, spent, count = min(fastest, elapsed), spent + elapsed, count + 1
    return fastest * 1e3


def blas_name():
    """What the loaded BLAS says of itself, or the file that it was loaded from."""
    with open("/proc/self/maps") as maps:
        files = sorted({line.split()[-1] for line in maps if "blas" in line.lower() and ".so" in line})
    names = []
    for file in files:
        library = ctypes.CDLL(file)
        for prefix in ("", "scipy_"):
            for suffix in ("", "64_", "_64"):
                try:
                    function = getattr(library, f"{prefix}openblas_get_config{suffix}")
                except AttributeError:
                    continue
                function.restype = ctypes.c_char_p
                names.append(" ".join(function().decode().split()))
    if names:
        return sorted(set(names))[-1]
    return ", ".join(sorted({os.path.basename(os.path.realpath(file)) for file in files})) or "unknown"


def main():
    seconds = float(sys.argv[1])
    rng = np.random.default_rng(0)
    n = 2000
    a = rng.uniform(-10, 10, (n, n))
    x = rng.uniform(0, 1, n)
    cost = rng.uniform(0, 1, (n, n))
    long = rng.uniform(-20, 0, 4_000_000)
    out = np.empty_like(long)
    u = rng.uniform(0, 1, 1_000_000)
    v = rng.uniform(0, 1, 1_000_000)
    sparse = scipy.sparse.random(n, n, density=0.01, format="csr", random_state=0)

    def logsumexp_numpy():
        top = a.max(axis=1)
        return top + np.log(np.exp(a - top[:, None]).sum(axis=1))

    def logsumexp_cols_numpy():
        top = a.max(axis=0)
        return top + np.log(np.exp(a - top).sum(axis=0))

    def affine_rows():
        z = 50.0 * (x - cost)
        top = z.max(axis=1)
        return top + np.log(np.exp(z - top[:, None]).sum(axis=1))

    def affine_sums():
        p = np.exp(50.0 * (x[:, None] + x - cost) - 1)
        return p.sum(axis=1), p.sum(axis=0)

    cases = {
        "logsumexp-rows": logsumexp_numpy,
        "logsumexp-rows-scipy": lambda: scipy.special.logsumexp(a, axis=1),
        "logsumexp-cols": logsumexp_cols_numpy,
        "affine-rows": affine_rows,
        "affine-sums": affine_sums,
        "exp": lambda: np.exp(long, out=out),
        "log": lambda: np.log(-long, out=out),
        "dot": lambda: u @ v,
        "gemv": lambda: a @ x,
        "gemv-transposed": lambda: a.T @ x,
        "csr": lambda: sparse @ x,
    }
    for size in (512, 1024):
        b = rng.uniform(0, 1, (size, size))
        c = rng.uniform(0, 1, (size, size))
        cases[f"gemm-{size}"] = lambda b=b, c=c: b @ c
    b = rng.uniform(0, 1, (1024, 1024))
    cases["syrk-1024"] = lambda b=b: b @ b.T
    for size in (500, 1000, 2000):
        g = rng.uniform(-1, 1, (size, size))
        spd = g @ g.T + size * np.eye(size)
        cases[f"cholesky-{size}"] = lambda spd=spd: scipy.linalg.cholesky(spd, lower=True, check_finite=False)
    lower = np.tril(rng.uniform(0, 1, (n, n))) + n * np.eye(n)
    cases["triangular"] = lambda: scipy.linalg.solve_triangular(lower, x, lower=True, check_finite=False)

    timings = {name: best(run, seconds) for name, run in cases.items()}
    print(json.dumps({
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": sys.version.split()[0],
        "blas": blas_name(),
        "timings": timings,
    }))


main()
