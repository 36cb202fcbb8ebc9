// Nearest neighbours among many vectors: a navigable small-world graph (hnswlib), its vectors as int8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// A unit vector in bytes: coordinate = value * scale. Good to about 0.003 in a cosine.
struct small_vector {
  std::vector<std::int8_t> values;
  float scale = 0;

  small_vector() = default;
  explicit small_vector(std::span<const float> unit);
  void restore(std::span<float> out) const noexcept;
};
[[nodiscard]] float cosine(const small_vector& a, const small_vector& b) noexcept;

/// Searches and bytes() may run side by side; anything else needs the graph alone.
class vector_graph {
 public:
  explicit vector_graph(std::size_t dimensions, std::size_t capacity = 1024);
  ~vector_graph();
  vector_graph(const vector_graph&) = delete;
  vector_graph& operator=(const vector_graph&) = delete;

  struct neighbour {
    std::uint32_t slot;
    float cosine;
  };
  /// `slot` must not be in it. False: memory ran out.
  bool add(std::uint32_t slot, const small_vector& what);
  /// It is passed over from now on; its place is not used again.
  void remove(std::uint32_t slot);
  /// Up to `count`, the nearest first.
  [[nodiscard]] std::vector<neighbour> nearest(const small_vector& to, std::size_t count) const;

  [[nodiscard]] std::size_t size() const noexcept;      ///< removed ones included
  /// What a vector of so many dimensions takes of the memory, roughly.
  [[nodiscard]] static constexpr std::size_t bytes_each(std::size_t dimensions) noexcept { return dimensions + 320; }

  /// The whole graph as bytes, which stay good until it changes. Their grammar stands in vector_graph.cpp; they are this machine's (little-endian).
  struct image {
    std::string_view vectors;
    std::string links;
  };
  [[nodiscard]] image bytes() const;
  /// A graph of slots below `slots`. nullptr: no such bytes, whatever was done to them, or memory ran out.
  [[nodiscard]] static std::unique_ptr<vector_graph> of_bytes(std::size_t dimensions, std::string_view vectors, std::string_view links, std::size_t slots);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace switchyard::routing
