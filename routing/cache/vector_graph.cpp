// The one home of hnswlib. Its exceptions end here.
#include "routing/cache/vector_graph.hpp"
#include "routing/widest_vectors.hpp"

#define NO_MANUAL_VECTORIZATION   // ours below knows int8; hnswlib's own header would define functions
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

namespace switchyard::routing {

namespace {

constexpr std::size_t links = 16, width_building = 100, width_searching = 32;
constexpr std::size_t seed = 17;

SWITCHYARD_WIDEST_VECTORS std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t n) noexcept {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::int16_t>(a[i]) * static_cast<std::int16_t>(b[i]);
  return sum;
}

/// How a vector stands in the graph: its bytes, then its scale.
float distance(const void* a, const void* b, const void* dimensions) {
  const auto n = *static_cast<const std::size_t*>(dimensions);
  float x, y;
  std::memcpy(&x, static_cast<const char*>(a) + n, sizeof x);
  std::memcpy(&y, static_cast<const char*>(b) + n, sizeof y);
  return 1 - static_cast<float>(dot(static_cast<const std::int8_t*>(a), static_cast<const std::int8_t*>(b), n)) * x * y;
}

class byte_space final : public hnswlib::SpaceInterface<float> {
 public:
  explicit byte_space(std::size_t dimensions) : dimensions_(dimensions) {}
  std::size_t get_data_size() override { return dimensions_ + sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &dimensions_; }

 private:
  std::size_t dimensions_;
};

std::string packed(const small_vector& what) {
  std::string out(reinterpret_cast<const char*>(what.values.data()), what.values.size());
  out.append(reinterpret_cast<const char*>(&what.scale), sizeof what.scale);
  return out;
}

}  // namespace

small_vector::small_vector(std::span<const float> unit) : values(unit.size()) {
  float largest = 0;
  for (const float x : unit) largest = std::max(largest, std::abs(x));
  if (largest == 0) return;
  scale = largest / 127;
  for (std::size_t i = 0; i < unit.size(); ++i) values[i] = static_cast<std::int8_t>(std::lround(unit[i] / scale));
}

void small_vector::restore(std::span<float> out) const noexcept {
  for (std::size_t i = 0; i < values.size() && i < out.size(); ++i) out[i] = static_cast<float>(values[i]) * scale;
}

float cosine(const small_vector& a, const small_vector& b) noexcept {
  if (a.values.size() != b.values.size()) return 0;
  return static_cast<float>(dot(a.values.data(), b.values.data(), a.values.size())) * a.scale * b.scale;
}

struct vector_graph::parts {
  explicit parts(std::size_t dimensions) : space(dimensions) {}
  byte_space space;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph;
};

vector_graph::vector_graph(std::size_t dimensions, std::size_t capacity) : parts_(std::make_unique<parts>(dimensions)) {
  parts_->graph = std::make_unique<hnswlib::HierarchicalNSW<float>>(&parts_->space, std::max<std::size_t>(capacity, 16), links, width_building, seed);
  parts_->graph->setEf(width_searching);
}

vector_graph::~vector_graph() = default;

bool vector_graph::add(std::uint32_t slot, const small_vector& what) {
  auto& graph = *parts_->graph;
  try {
    if (graph.cur_element_count >= graph.max_elements_) graph.resizeIndex(graph.max_elements_ * 2);
    graph.addPoint(packed(what).data(), slot);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void vector_graph::remove(std::uint32_t slot) {
  try {
    parts_->graph->markDelete(slot);
  } catch (const std::exception&) {   // it is not in there
  }
}

std::vector<vector_graph::neighbour> vector_graph::nearest(const small_vector& to, std::size_t count) const {
  std::vector<neighbour> out;
  if (parts_->graph->cur_element_count == 0) return out;
  try {
    auto found = parts_->graph->searchKnn(packed(to).data(), count);
    for (; !found.empty(); found.pop()) out.push_back({static_cast<std::uint32_t>(found.top().second), 1 - found.top().first});
  } catch (const std::exception&) {
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::size_t vector_graph::size() const noexcept { return parts_->graph->cur_element_count; }

}  // namespace switchyard::routing
