#include "routing/embedding/embedder.hpp"

#include "routing/embedding/word_pieces.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

namespace switchyard::routing {

namespace {

constexpr std::size_t kept_ids = 1u << 16;     // a thread's buffers go back once a text was longer than this

struct workspace {
  std::vector<std::uint32_t> ids;
  std::vector<float> weights;
  context_network::scratch room;
};

void normalise(std::span<float> v) {
  const float length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0f));
  if (length > 0) std::for_each(v.begin(), v.end(), [inverse = 1 / length](float& x) { x *= inverse; });
}

}  // namespace

result<embedder> embedder::load(const std::string& path, rows read) {
  auto table = table_file::open(path);
  if (!table) return table.failure();
  if (read == rows::alone) table->drop_context();
  return of_table(std::move(*table));
}

result<embedder> embedder::of_table(table_file table, const vector_code& code) {
  auto pieces = vocabulary::of_lines(table.vocabulary_text());
  if (!pieces) return pieces.failure();
  return embedder(std::move(table), std::move(*pieces), code);
}

std::uint64_t embedder::fingerprint() const noexcept {
  // Any training changes nearly every row's scale.
  std::uint64_t hash = 0xcbf29ce484222325 ^ dimensions();
  for (const float scale : table_.scales()) hash = (hash ^ std::bit_cast<std::uint32_t>(scale)) * 0x100000001b3;
  return table_.context().width == 0 ? hash : hash ^ table_.fingerprint();
}

void embedder::pool(std::string_view text, std::span<float> out, bool in_context) const {
  assert(out.size() == dimensions());
  thread_local workspace space;
  auto& ids = space.ids;
  ids.clear();
  split_into_pieces(text, pieces_, ids);
  space.weights.resize(ids.size());
  if (in_context && table_.context().width != 0 && !ids.empty()) {
    network_.weigh(ids, space.weights, space.room);
    network_.pool(ids, space.weights, table_.rows(), out, space.room);
    normalise(out);
    network_.add_to(out, space.room);
  } else {
    std::transform(ids.begin(), ids.end(), space.weights.begin(), [this](std::uint32_t id) { return table_.scales()[id]; });
    code_->pool(ids, space.weights.data(), table_.rows().data(), out);
  }
  if (ids.capacity() > kept_ids) space = {};
}

void embedder::sum(std::string_view text, std::span<float> out) const { pool(text, out, false); }

void embedder::embed_rows(std::string_view text, std::span<float> out) const {
  pool(text, out, false);
  normalise(out);
}

void embedder::embed(std::string_view text, std::span<float> out) const {
  pool(text, out, true);
  normalise(out);
}

std::vector<float> embedder::embed(std::string_view text) const {
  std::vector<float> out(dimensions());
  embed(text, out);
  return out;
}

float cosine(std::span<const float> a, std::span<const float> b) noexcept {
  assert(a.size() == b.size());
  return std::clamp(std::inner_product(a.begin(), a.end(), b.begin(), 0.0f), -1.0f, 1.0f);
}

}  // namespace switchyard::routing
