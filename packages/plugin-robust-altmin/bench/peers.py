"""Alternating least squares in numpy and scipy on a problem in a folder: processor seconds and residual for each implementation, as JSON.

peers.py FOLDER ITERATIONS LIMIT
The folder holds problem.json (rows, columns, rank), rows.i32, columns.i32, values.f64, start.f64 (U, rows x rank, orthonormal).
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
import scipy
from scipy import sparse

folder, iterations, limit = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
shape = json.loads((folder / "problem.json").read_text())
m, n, k = shape["rows"], shape["columns"], shape["rank"]
rows = np.fromfile(folder / "rows.i32", np.int32)
columns = np.fromfile(folder / "columns.i32", np.int32)
values = np.fromfile(folder / "values.f64")
start = np.fromfile(folder / "start.f64").reshape(m, k)

by_row = sparse.csr_matrix((values, (rows, columns)), shape=(m, n))
by_column = by_row.T.tocsr()
norm = np.linalg.norm(values)


def exact(side, fixed, _warm):
    out = np.zeros((side.shape[0], k))
    for j in range(side.shape[0]):
        begin, end = side.indptr[j], side.indptr[j + 1]
        if begin == end:
            continue
        a = fixed[side.indices[begin:end]]
        out[j] = np.linalg.lstsq(a, side.data[begin:end], rcond=None)[0] if end - begin < k else np.linalg.solve(
            a.T @ a, a.T @ side.data[begin:end]
        )
    return out


def cg_loop(side, fixed, warm):
    out = warm.copy()
    for j in range(side.shape[0]):
        begin, end = side.indptr[j], side.indptr[j + 1]
        if begin == end:
            continue
        a, x = fixed[side.indices[begin:end]], out[j]
        r = a.T @ (side.data[begin:end] - a @ x)
        p, rho = r.copy(), r @ r
        for _ in range(2):
            if rho == 0:
                break
            q = a.T @ (a @ p)
            alpha = rho / (p @ q)
            x += alpha * p
            r -= alpha * q
            new = r @ r
            p = r + (new / rho) * p
            rho = new
    return out


CHUNK = 200_000


def at_entries(side, coordinates, fixed, x):
    """x_j . a_e at each entry."""
    out = np.empty(len(side.data))
    for begin in range(0, len(out), CHUNK):
        part = slice(begin, begin + CHUNK)
        out[part] = np.einsum("ek,ek->e", fixed[side.indices[part]], x[coordinates[part]])
    return out


def cg_all_rows(side, fixed, warm):
    """All rows at once: sparse products and einsum over the entries."""
    coordinates = np.repeat(np.arange(side.shape[0]), np.diff(side.indptr))
    with_data = lambda data: sparse.csr_matrix((data, side.indices, side.indptr), shape=side.shape)
    x = warm.copy()
    r = with_data(side.data - at_entries(side, coordinates, fixed, x)) @ fixed
    p, rho = r.copy(), np.einsum("jk,jk->j", r, r)
    for _ in range(2):
        q = with_data(at_entries(side, coordinates, fixed, p)) @ fixed
        curvature = np.einsum("jk,jk->j", p, q)
        alpha = np.divide(rho, curvature, out=np.zeros_like(rho), where=curvature > 0)[:, None]
        x += alpha * p
        r -= alpha * q
        new = np.einsum("jk,jk->j", r, r)
        p = r + np.divide(new, rho, out=np.zeros_like(rho), where=rho > 0)[:, None] * p
        rho = new
    return x


def alternate(update):
    u, v = start.copy(), None
    began = time.process_time()
    done = 0
    for _ in range(iterations):
        u, r = np.linalg.qr(u)
        v = update(by_column, u, np.zeros((n, k)) if v is None else v @ r.T)
        v, r = np.linalg.qr(v)
        u = update(by_row, v, u @ r.T)
        done += 1
        if time.process_time() - began > limit:
            break
    seconds = (time.process_time() - began) / done
    coordinates = np.repeat(np.arange(m), np.diff(by_row.indptr))
    residual = np.linalg.norm(by_row.data - at_entries(by_row, coordinates, v, u)) / norm
    return {"seconds": seconds, "residual": residual, "iterations": done}


results = [
    {"solver": name, **alternate(update)}
    for name, update in [
        ("numpy, exact (BLAS Gram matrices and solve)", exact),
        ("numpy, two CG steps, row by row", cg_loop),
        ("scipy, two CG steps, all rows at once", cg_all_rows),
    ]
]
versions = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__}
print(json.dumps({"versions": versions, "results": results}))
