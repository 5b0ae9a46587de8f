// g++ -O3 boost.cpp -o boost; ./boost FILE CASE COUNT: recomputation with the Boost Graph Library on the format of peers.py.
// The graph is built anew for each update, as the static algorithms want it: connected_components, and
// edmonds_karp_max_flow with unit capacities both ways for three edge-disjoint paths.
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <boost/version.hpp>
#include <array>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

using namespace boost;
using Plain = adjacency_list<vecS, vecS, undirectedS>;
using Traits = adjacency_list_traits<vecS, vecS, directedS>;
using Flow = adjacency_list<
    vecS, vecS, directedS, no_property,
    property<edge_capacity_t, int,
             property<edge_residual_capacity_t, int, property<edge_reverse_t, Traits::edge_descriptor>>>>;

static int components(int n, const std::vector<std::pair<int, int>>& edges) {
  Plain graph(edges.begin(), edges.end(), n);
  std::vector<int> component(n);
  return connected_components(graph, component.data());
}

static int threePaths(int n, const std::vector<std::pair<int, int>>& edges) {
  Flow graph(n);
  auto capacity = get(edge_capacity, graph);
  auto reverse = get(edge_reverse, graph);
  for (auto [u, v] : edges) {
    if (u == v) continue;
    auto there = add_edge(u, v, graph).first;
    auto back = add_edge(v, u, graph).first;
    capacity[there] = capacity[back] = 1;
    reverse[there] = back;
    reverse[back] = there;
  }
  return edmonds_karp_max_flow(graph, vertex(0, graph), vertex(n - 1, graph)) >= 3;
}

int main(int, char** argv) {
  std::ifstream file(argv[1]);
  const std::string which = argv[2];
  const size_t count = std::stoul(argv[3]);
  int n;
  file >> n;
  std::vector<std::array<int, 3>> updates;
  std::string op;
  while (file >> op) {
    int a, b = -1;
    file >> a;
    if (op == "+") file >> b;
    updates.push_back({op == "+", a, b});
  }
  std::vector<std::pair<int, int>> inserted, edges;
  std::vector<size_t> place;
  std::vector<size_t> owner;
  std::string answers;
  double spent = 0;
  for (size_t slot = 0; slot < updates.size(); slot++) {
    auto [add, a, b] = updates[slot];
    if (add) {
      place.push_back(edges.size());
      owner.push_back(place.size() - 1);
      edges.push_back({a, b});
    } else {
      const size_t at = place[a];
      edges[at] = edges.back();
      owner[at] = owner.back();
      place[owner[at]] = at;
      edges.pop_back();
      owner.pop_back();
    }
    if (slot + count < updates.size()) continue;
    const clock_t began = clock();
    const int answer = which == "connectivity" ? components(n, edges) : threePaths(n, edges);
    spent += double(clock() - began) / CLOCKS_PER_SEC;
    answers += (answers.empty() ? "" : ",") + std::to_string(answer);
  }
  std::cout << 1e6 * spent / count << "\n" << answers << "\nBoost " << BOOST_LIB_VERSION << "\n";
}
