"""python3 peers.py FILE CASE COUNT: recomputation with igraph on a stream of updates; prints microseconds an update and the answers.

FILE holds lines "+ u v" and "- u v" (an element goes by its place: "- k", the k-th insertion). Answers are given for the last COUNT updates.
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
        present[inserted] = (int(update[1]), int(update[2]))
        inserted += 1
    else:
        del present[int(update[1])]
    if slot < len(updates) - count:
        continue
    edges = list(present.values())
    began = time.process_time()
    graph = igraph.Graph(n=n, edges=edges)
    if case == "connectivity":
        answers.append(len(graph.connected_components()))
    else:
        answers.append(int(graph.edge_connectivity(0, n - 1) >= 3))
    spent += time.process_time() - began
print(1e6 * spent / count)
print(",".join(map(str, answers)))
print("igraph " + igraph.__version__)
