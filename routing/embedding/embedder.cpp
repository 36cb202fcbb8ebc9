#include "routing/embedding/embedder.hpp"

#include "routing/embedding/word_pieces.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

namespace switchyard::routing {

namespace {

constexpr std::size_t kept_ids = 1u << 16;     // a thread's buffer goes back once a text was longer than this

}  // namespace

result<embedder> embedder::load(const std::string& path) {
  auto table = table_file::open(path);
  if (!table) return table.failure();
  return of_table(std::move(*table));
}

result<embedder> embedder::of_table(table_file table) {
  auto pieces = vocabulary::of_lines(table.vocabulary_text());
  if (!pieces) return pieces.failure();
  return embedder(std::move(table), std::move(*pieces));
}

std::uint64_t embedder::fingerprint() const noexcept {
  // Any training changes nearly every row's scale.
  std::uint64_t hash = 0xcbf29ce484222325 ^ dimensions();
  for (const float scale : table_.scales()) hash = (hash ^ std::bit_cast<std::uint32_t>(scale)) * 0x100000001b3;
  return hash;
}

void embedder::sum(std::string_view text, std::span<float> out) const {
  assert(out.size() == dimensions());
  thread_local std::vector<std::uint32_t> ids;
  ids.clear();
  split_into_pieces(text, pieces_, ids);
  pool_(ids, table_.scales().data(), table_.rows().data(), out);
  if (ids.capacity() > kept_ids) std::vector<std::uint32_t>().swap(ids);
}

void embedder::embed(std::string_view text, std::span<float> out) const {
  sum(text, out);
  const float length = std::sqrt(std::inner_product(out.begin(), out.end(), out.begin(), 0.0f));
  if (length > 0) std::for_each(out.begin(), out.end(), [inverse = 1 / length](float& x) { x *= inverse; });
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
