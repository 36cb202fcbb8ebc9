// The one home of hnswlib. Its exceptions end here. It builds the graph; searching it, and keeping it over a restart, is done here on its memory.
//
//   vectors = vector*                  ; hnswlib's memory as it stands
//   vector  = count    u16             ; of links on the ground level, at most 32
//             removed  u8              ; 1: passed over
//             zero     u8
//             links    u32 * 32        ; positions in `vectors`
//             value    i8 * dimensions
//             scale    f32
//             slot     u64
//   links   = count u32, entry u32, top u32, tower*        ; of vectors; where a search begins; its tower's height
//   tower   = position u32, height u32, height * (count u32, links u32 * 16)    ; positions ascend; those without a tower have none
#include "routing/cache/vector_graph.hpp"
#include "routing/widest_vectors.hpp"

#define NO_MANUAL_VECTORIZATION   // ours below knows int8; hnswlib's own header would define functions
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace switchyard::routing {

namespace {

constexpr std::size_t fewest = 16;
constexpr std::size_t links = 16, ground_links = 2 * links, width_building = 100, width_searching = 32;
constexpr std::size_t seed = 17;
constexpr std::uint32_t highest = 16;            // of a tower: a chance of 1 in 16^16 says that none is

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

using graph_type = hnswlib::HierarchicalNSW<float>;

// hnswlib makes 65536 of these locks, 2.6 MB, whatever the graph's size; only so many are ever looked at.
void fit_locks(graph_type& graph) {
  std::vector<std::mutex>(std::min<std::size_t>(graph.max_elements_, graph_type::max_update_element_locks)).swap(graph.link_list_update_locks_);
}

}  // namespace

// Sixteen at a time, which the compiler turns into vectors.
small_vector::small_vector(std::span<const float> unit) : values(unit.size()) {
  constexpr std::size_t at_once = 16;
  const auto whole = unit.size() - unit.size() % at_once;
  float lanes[at_once] = {};
  for (std::size_t i = 0; i < whole; i += at_once)
    for (std::size_t k = 0; k < at_once; ++k) lanes[k] = std::max(lanes[k], std::abs(unit[i + k]));
  float largest = *std::max_element(std::begin(lanes), std::end(lanes));
  for (auto i = whole; i < unit.size(); ++i) largest = std::max(largest, std::abs(unit[i]));
  if (largest == 0) return;
  scale = largest / 127;
  // As std::lround does: halves away from zero. What is cut off is exact.
  const auto rounded = [](float x) {
    const auto cut = static_cast<std::int32_t>(x);
    const float rest = x - static_cast<float>(cut);
    return static_cast<std::int8_t>(cut + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0));
  };
  for (std::size_t i = 0; i < whole; i += at_once) {
    float scaled[at_once];
    for (std::size_t k = 0; k < at_once; ++k) scaled[k] = unit[i + k] / scale;
    std::int8_t out[at_once];
    for (std::size_t k = 0; k < at_once; ++k) out[k] = rounded(scaled[k]);
    std::copy_n(out, at_once, values.data() + i);
  }
  for (auto i = whole; i < unit.size(); ++i) values[i] = rounded(unit[i] / scale);
}

void small_vector::restore(std::span<float> out) const noexcept {
  for (std::size_t i = 0; i < values.size() && i < out.size(); ++i) out[i] = static_cast<float>(values[i]) * scale;
}

float cosine(const small_vector& a, const small_vector& b) noexcept {
  if (a.values.size() != b.values.size()) return 0;
  return static_cast<float>(dot(a.values.data(), b.values.data(), a.values.size())) * a.scale * b.scale;
}

struct vector_graph::parts {
  parts(std::size_t dimensions, std::size_t capacity)
      : space(dimensions), graph(std::make_unique<graph_type>(&space, std::max(capacity, fewest), links, width_building, seed)) {
    fit_locks(*graph);
  }
  byte_space space;
  std::unique_ptr<graph_type> graph;
};

vector_graph::vector_graph(std::size_t dimensions, std::size_t capacity) : parts_(std::make_unique<parts>(dimensions, capacity)) {}

vector_graph::~vector_graph() = default;

bool vector_graph::add(std::uint32_t slot, const small_vector& what) {
  auto& graph = *parts_->graph;
  try {
    if (graph.cur_element_count >= graph.max_elements_) {
      graph.resizeIndex(graph.max_elements_ * 3 / 2);
      fit_locks(graph);
    }
    graph.addPoint(packed(what).data(), slot);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void vector_graph::remove(std::uint32_t slot) {
  auto& graph = *parts_->graph;
  const auto at = graph.label_lookup_.find(slot);
  if (at != graph.label_lookup_.end() && !graph.isMarkedDeleted(at->second)) graph.markDeletedInternal(at->second);
}

namespace {

struct reached {
  float distance;
  hnswlib::tableint at;
  bool removed, followed;
};

/// What one search needs; kept by its thread for the next one.
struct search_memory {
  std::vector<std::uint16_t> seen;               // in the search of that number
  std::uint16_t search = 0;
  std::vector<reached> nearest;                  // ascending by distance

  void begin(std::size_t size) {
    if (seen.size() < size) seen.resize(size * 5 / 4);
    if (++search == 0) {
      std::fill(seen.begin(), seen.end(), 0);
      search = 1;
    }
    nearest.clear();
  }
};

void fetch(const char* from, std::size_t size) noexcept {
  for (std::size_t at = 0; at < size; at += 64) __builtin_prefetch(from + at);
}

/// Distances to several vectors; the memory of the next ones is fetched meanwhile: waiting for it is most of what a search costs.
SWITCHYARD_WIDEST_VECTORS void distances(const std::int8_t* to, float scale, std::size_t n, const char* const* vectors, std::size_t count, float* out) noexcept {
  constexpr std::size_t ahead = 4;
  for (std::size_t i = 0; i < std::min(ahead, count); ++i) fetch(vectors[i], n + sizeof scale);
  for (std::size_t v = 0; v < count; ++v) {
    if (v + ahead < count) fetch(vectors[v + ahead], n + sizeof scale);
    const auto* values = reinterpret_cast<const std::int8_t*>(vectors[v]);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::int16_t>(to[i]) * static_cast<std::int16_t>(values[i]);
    float other;
    std::memcpy(&other, vectors[v] + n, sizeof other);
    out[v] = 1 - static_cast<float>(sum) * scale * other;
  }
}

/// hnswlib's search, on its memory, without its locks and shared counters.
class graph_search {
 public:
  graph_search(const graph_type& graph, const small_vector& to) : graph_(graph), to_(to) {}

  /// Down the towers: a near vector to begin with.
  [[nodiscard]] hnswlib::tableint descend() {
    auto at = graph_.enterpoint_node_;
    gather({&at, 1});
    float least = distances_[0];
    for (int level = graph_.maxlevel_; level > 0; --level)
      for (bool nearer = true; nearer;) {
        nearer = false;
        gather(links_of(graph_.get_linklist(at, level)));
        for (std::size_t i = 0; i < count_; ++i)
          if (distances_[i] < least) {
            least = distances_[i];
            at = places_[i];
            nearer = true;
          }
      }
    return at;
  }

  /// From there on the ground: the `width` nearest that are not removed. Of removed ones, which only lead on, up to three times as many are followed.
  void spread(hnswlib::tableint from, std::size_t width, search_memory& memory) {
    memory.begin(graph_.cur_element_count);
    const auto most = graph_.num_deleted_ == 0 ? width : 4 * width;
    memory.seen[from] = memory.search;
    gather({&from, 1});
    memory.nearest.push_back({distances_[0], from, graph_.isMarkedDeleted(from), false});
    for (std::size_t next = 0, kept = 0; next < memory.nearest.size() && kept < width;) {
      auto& here = memory.nearest[next];
      if (here.followed) {
        kept += here.removed ? 0 : 1;
        ++next;
        continue;
      }
      here.followed = true;
      std::array<hnswlib::tableint, ground_links> fresh;
      std::size_t count = 0;
      for (const auto to : links_of(graph_.get_linklist0(here.at)))
        if (memory.seen[to] != memory.search) {
          memory.seen[to] = memory.search;
          fresh[count++] = to;
        }
      gather({fresh.data(), count});
      auto first = memory.nearest.size();
      for (std::size_t i = 0; i < count_; ++i) first = std::min(first, keep(memory.nearest, i, most));
      if (first <= next) next = kept = 0;        // something nearer is to be followed first
    }
  }

 private:
  static std::span<const hnswlib::tableint> links_of(const hnswlib::linklistsizeint* list) noexcept {
    std::uint16_t size;
    std::memcpy(&size, list, sizeof size);
    return {list + 1, size};
  }

  void gather(std::span<const hnswlib::tableint> places) {
    std::array<const char*, ground_links> vectors;
    count_ = places.size();
    for (std::size_t i = 0; i < count_; ++i) {
      places_[i] = places[i];
      vectors[i] = graph_.getDataByInternalId(places[i]);
    }
    distances(to_.values.data(), to_.scale, to_.values.size(), vectors.data(), count_, distances_.data());
  }

  /// Where it stands now; past the end: it is not among the nearest.
  std::size_t keep(std::vector<reached>& among, std::size_t i, std::size_t most) const {
    const float far = distances_[i];
    if (among.size() == most && !(far < among.back().distance)) return among.size();
    const auto place = std::upper_bound(among.begin(), among.end(), far, [](float f, const reached& r) { return f < r.distance; });
    const auto at = static_cast<std::size_t>(place - among.begin());
    __builtin_prefetch(graph_.get_linklist0(places_[i]));
    if (among.size() == most) among.pop_back();
    among.insert(among.begin() + static_cast<std::ptrdiff_t>(at), reached{far, places_[i], graph_.isMarkedDeleted(places_[i]), false});
    return at;
  }

  const graph_type& graph_;
  const small_vector& to_;
  std::array<hnswlib::tableint, ground_links> places_;
  std::array<float, ground_links> distances_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<vector_graph::neighbour> vector_graph::nearest(const small_vector& to, std::size_t count) const {
  thread_local search_memory memory;
  const auto& graph = *parts_->graph;
  std::vector<neighbour> out;
  if (graph.cur_element_count == 0 || to.values.size() + sizeof to.scale != graph.data_size_) return out;
  graph_search search(graph, to);
  search.spread(search.descend(), std::max(width_searching, count), memory);
  for (const auto& found : memory.nearest) {
    if (out.size() == count) break;
    if (!found.removed) out.push_back({static_cast<std::uint32_t>(graph.getExternalLabel(found.at)), 1 - found.distance});
  }
  return out;
}

std::size_t vector_graph::size() const noexcept { return parts_->graph->cur_element_count; }

namespace {

void append(std::string& to, std::uint32_t number) { to.append(reinterpret_cast<const char*>(&number), sizeof number); }

/// Numbers from the front of bytes that may end early.
class number_reader {
 public:
  explicit number_reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] std::uint32_t next() noexcept {
    std::uint32_t out = 0;
    if (const auto bytes = next_bytes(sizeof out); !bytes.empty()) std::memcpy(&out, bytes.data(), sizeof out);
    return out;
  }
  /// Empty: there are fewer.
  [[nodiscard]] std::string_view next_bytes(std::size_t size) noexcept {
    ok_ = ok_ && rest_.size() >= size;
    const auto out = ok_ ? rest_.substr(0, size) : std::string_view();
    rest_.remove_prefix(out.size());
    return out;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool ended() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool fill_ground(graph_type& graph, std::string_view vectors, std::size_t slots) {
  const auto count = vectors.size() / graph.size_data_per_element_;
  std::memcpy(graph.data_level0_memory_, vectors.data(), vectors.size());
  graph.cur_element_count = count;
  std::fill_n(graph.linkLists_, count, nullptr);
  graph.label_lookup_.reserve(count);
  for (hnswlib::tableint at = 0; at < count; ++at) {
    auto* list = graph.get_linklist0(at);
    const auto* to = list + 1;
    const std::size_t size = graph.getListCount(list);
    if (size > ground_links || std::any_of(to, to + size, [&](auto other) { return other >= count; })) return false;
    const auto slot = graph.getExternalLabel(at);
    if (slot >= slots || !graph.label_lookup_.try_emplace(slot, at).second) return false;
    if (graph.isMarkedDeleted(at)) ++graph.num_deleted_;
  }
  return true;
}

bool fill_towers(graph_type& graph, number_reader& in) {
  const auto count = graph.cur_element_count;
  const auto block = graph.size_links_per_element_;
  for (std::size_t before = 0; !in.ended();) {
    const std::size_t at = in.next();
    const auto height = in.next();
    if (!in.ok() || at >= count || (before > 0 && at < before) || height == 0 || height > highest) return false;
    before = at + 1;
    const auto bytes = in.next_bytes(height * block);
    if (bytes.empty()) return false;
    graph.linkLists_[at] = static_cast<char*>(std::malloc(bytes.size() + 1));
    if (graph.linkLists_[at] == nullptr) return false;
    graph.element_levels_[at] = static_cast<int>(height);
    std::memcpy(graph.linkLists_[at], bytes.data(), bytes.size());
  }
  // Whatever a tower leads to on a level must reach that level itself.
  for (std::size_t at = 0; at < count; ++at)
    for (int level = 1; level <= graph.element_levels_[at]; ++level) {
      auto* list = graph.get_linklist(static_cast<hnswlib::tableint>(at), level);
      const auto* to = list + 1;
      const std::size_t size = graph.getListCount(list);
      if (size > links || std::any_of(to, to + size, [&](auto other) { return other >= count || graph.element_levels_[other] < level; })) return false;
    }
  return true;
}

}  // namespace

vector_graph::image vector_graph::bytes() const {
  const auto& graph = *parts_->graph;
  image out;
  out.vectors = {graph.data_level0_memory_, graph.cur_element_count * graph.size_data_per_element_};
  append(out.links, static_cast<std::uint32_t>(graph.cur_element_count));
  append(out.links, graph.enterpoint_node_);
  append(out.links, static_cast<std::uint32_t>(std::max(graph.maxlevel_, 0)));
  for (std::size_t at = 0; at < graph.cur_element_count; ++at) {
    const auto height = static_cast<std::size_t>(graph.element_levels_[at]);
    if (height == 0) continue;
    append(out.links, static_cast<std::uint32_t>(at));
    append(out.links, static_cast<std::uint32_t>(height));
    out.links.append(graph.linkLists_[at], height * graph.size_links_per_element_);
  }
  return out;
}

std::unique_ptr<vector_graph> vector_graph::of_bytes(std::size_t dimensions, std::string_view vectors, std::string_view links, std::size_t slots) {
  number_reader in(links);
  const std::size_t count = in.next(), entry = in.next(), top = in.next();
  if (!in.ok() || count == 0 || entry >= count || top > highest) return nullptr;
  try {
    auto out = std::make_unique<vector_graph>(dimensions, fewest);
    auto& graph = *out->parts_->graph;
    if (vectors.size() % graph.size_data_per_element_ != 0 || vectors.size() / graph.size_data_per_element_ != count) return nullptr;
    graph.resizeIndex(std::max(count * 5 / 4, fewest));
    fit_locks(graph);
    if (!fill_ground(graph, vectors, slots) || !fill_towers(graph, in)) return nullptr;
    if (graph.element_levels_[entry] != static_cast<int>(top)) return nullptr;
    graph.enterpoint_node_ = static_cast<hnswlib::tableint>(entry);
    graph.maxlevel_ = static_cast<int>(top);
    graph.level_generator_.seed(seed + count);   // else the towers to come would repeat those there are
    return out;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace switchyard::routing
