"""python3 peers.py FILE CASE COUNT: recomputation with igraph on a stream of updates; prints microseconds an update and the answers.

FILE holds lines "+ u v weight" and "- k" (the k-th insertion goes). Answers are given for the last COUNT updates.
"""
import sys
import time

import igraph

path, case, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines = open(path).read().split("\n")
n = int(lines[0])
updates = [line.split() for line in lines[1:] if line]
present = {}
inserted = 0
answers = []
spent = 0.0
for slot, update in enumerate(updates):
    if update[0] == "+":
        present[inserted] = (int(update[1]), int(update[2]), int(update[3]))
        inserted += 1
    else:
        del present[int(update[1])]
    if slot < len(updates) - count:
        continue
    edges = [(u, v) for u, v, _ in present.values()]
    weights = [weight for _, _, weight in present.values()]
    began = time.process_time()
    graph = igraph.Graph(n=n, edges=edges, directed=case == "distance")
    if case == "connectivity":
        answers.append(len(graph.connected_components()))
    elif case == "distance":
        length = graph.distances(0, n - 1, weights=weights)[0][0]
        answers.append(-1 if length == float("inf") else int(length))
    elif case == "triconnected":
        adjacent = graph.get_eid(0, n - 1, error=False) >= 0
        answers.append(int(adjacent or graph.vertex_connectivity(0, n - 1) >= 3))
    else:
        answers.append(int(graph.edge_connectivity(0, n - 1) >= 3))
    spent += time.process_time() - began
print(1e6 * spent / count)
print(",".join(map(str, answers)))
print("igraph " + igraph.__version__)
