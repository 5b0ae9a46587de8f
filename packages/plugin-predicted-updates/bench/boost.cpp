// g++ -O3 boost.cpp -o boost; ./boost FILE CASE COUNT: recomputation with the Boost Graph Library on the format of peers.py.
// The graph is built anew for each update, as the static algorithms want it: connected_components, dijkstra_shortest_paths,
// and edmonds_karp_max_flow with unit capacities both ways for three edge-disjoint paths.
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <boost/version.hpp>
#include <array>
#include <ctime>
#include <fstream>
#include <iostream>
#include <limits>
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

using Roads = adjacency_list<vecS, vecS, directedS, no_property, property<edge_weight_t, int>>;

static int distance(int n, const std::vector<std::pair<int, int>>& edges, const std::vector<int>& weights) {
  Roads graph(edges.begin(), edges.end(), weights.begin(), n);
  std::vector<int> reached(n);
  dijkstra_shortest_paths(graph, vertex(0, graph), distance_map(reached.data()));
  return reached[n - 1] == std::numeric_limits<int>::max() ? -1 : reached[n - 1];
}

int main(int, char** argv) {
  std::ifstream file(argv[1]);
  const std::string which = argv[2];
  if (which == "triconnected") {
    std::cerr << "Boost has no vertex connectivity of a pair\n";
    return 1;
  }
  const size_t count = std::stoul(argv[3]);
  int n;
  file >> n;
  std::vector<std::array<int, 4>> updates;
  std::string op;
  while (file >> op) {
    int a, b = -1, weight = 0;
    file >> a;
    if (op == "+") file >> b >> weight;
    updates.push_back({op == "+", a, b, weight});
  }
  std::vector<std::pair<int, int>> edges;
  std::vector<int> weights;
  std::vector<size_t> place;
  std::vector<size_t> owner;
  std::string answers;
  double spent = 0;
  for (size_t slot = 0; slot < updates.size(); slot++) {
    auto [add, a, b, weight] = updates[slot];
    if (add) {
      place.push_back(edges.size());
      owner.push_back(place.size() - 1);
      edges.push_back({a, b});
      weights.push_back(weight);
    } else {
      const size_t at = place[a];
      edges[at] = edges.back();
      weights[at] = weights.back();
      owner[at] = owner.back();
      place[owner[at]] = at;
      edges.pop_back();
      weights.pop_back();
      owner.pop_back();
    }
    if (slot + count < updates.size()) continue;
    const clock_t began = clock();
    const int answer = which == "connectivity" ? components(n, edges)
                       : which == "distance"   ? distance(n, edges, weights)
                                               : threePaths(n, edges);
    spent += double(clock() - began) / CLOCKS_PER_SEC;
    answers += (answers.empty() ? "" : ",") + std::to_string(answer);
  }
  std::cout << 1e6 * spent / count << "\n" << answers << "\nBoost " << BOOST_LIB_VERSION << "\n";
}
