// The cache's graphs in a file, so that a start need not make them anew. Its grammar stands on top of graph_file.cpp.
#pragma once

#include "base/result.hpp"
#include "routing/cache/request_key.hpp"
#include "routing/cache/vector_graph.hpp"

#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace switchyard::routing {

/// What the vectors of a file are; one for other vectors is of no use.
struct graph_file_kind {
  std::uint64_t embedding = 0;           ///< fingerprint
  std::size_t dimensions = 0;
};

/// Writes beside the file and takes its place at the end: whoever reads sees the old one or the new one.
class graph_file_writer {
 public:
  graph_file_writer(std::string path, const graph_file_kind& kind);
  ~graph_file_writer();
  graph_file_writer(const graph_file_writer&) = delete;
  graph_file_writer& operator=(const graph_file_writer&) = delete;

  /// `slots`: whose vector stands in each of the graph's slots; zeros: nobody's any more.
  void add(const cache_hash& partition, std::span<const cache_hash> slots, const vector_graph& graph);
  [[nodiscard]] outcome finish();

 private:
  void section(std::string_view bytes);

  const std::string path_, beside_;
  std::ofstream file_;
  bool finished_ = false;
};

struct kept_graph {
  cache_hash partition{};
  std::vector<cache_hash> slots;
  std::unique_ptr<vector_graph> graph;
};
/// Each graph of the file; no file holds none. What is damaged, and what comes behind it, is not given: the error says so.
[[nodiscard]] outcome read_graphs(const std::string& path, const graph_file_kind& kind, const std::function<void(kept_graph)>& each);

}  // namespace switchyard::routing
