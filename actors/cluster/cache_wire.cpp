#include "actors/cluster/cache_wire.hpp"

#include "actors/cache_records.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace switchyard::actors {

namespace {

using cluster::cache_result;
using kind = routing::answer_cache::result_kind;

constexpr milliseconds longest_life = std::chrono::hours(24 * 3660);
constexpr std::size_t most_tags = 64;

std::optional<routing::cache_hash> hash_in(std::string_view bytes) {
  routing::cache_hash hash;
  if (bytes.size() != hash.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::optional<std::vector<float>> vector_in(std::string_view bytes, std::size_t dimensions) {
  static_assert(std::endian::native == std::endian::little);
  std::vector<float> out(dimensions);
  if (bytes.size() != dimensions * sizeof(float)) return std::nullopt;
  std::memcpy(out.data(), bytes.data(), bytes.size());
  if (!std::all_of(out.begin(), out.end(), [](float f) { return std::isfinite(f) && std::abs(f) <= 1.001f; })) return std::nullopt;
  return out;
}

std::optional<providers::api> operation_named(std::string_view name) {
  for (auto i = static_cast<int>(providers::api::chat_completions); i <= static_cast<int>(providers::api::converse); ++i)
    if (const auto operation = static_cast<providers::api>(i); providers::to_string(operation) == name) return operation;
  return std::nullopt;
}

float share_in(std::uint32_t bits) {
  const auto value = std::bit_cast<float>(bits);
  return std::isfinite(value) ? std::clamp(value, 0.0f, 1.0f) : 0.0f;
}

double share_in(std::uint64_t bits, double least, double otherwise) {
  const auto value = std::bit_cast<double>(bits);
  return std::isfinite(value) ? std::clamp(value, least, 1.0) : otherwise;
}

std::string record_of(const routing::cache_entry& entry, bool whole) {
  auto record = stored(entry);
  if (!whole) {
    record.prompt.reset();
    record.vector.clear();
  }
  return storage::encode(record);
}

std::shared_ptr<routing::cache_entry> entry_in(std::string_view record, const routing::cache_hash& exact, const routing::cache_hash* partition) {
  auto answer = storage::decode_answer(storage::answer_key(exact), record);
  if (!answer || (partition != nullptr && answer->partition != *partition) || answer->tags.size() > most_tags) return nullptr;
  return restored(std::move(*answer));
}

}  // namespace

std::string_view bytes_of(const routing::cache_hash& hash) noexcept { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

cluster::cache_lookup lookup_of(const routing::request_key& key, std::span<const float> vector, float threshold, routing::answer_cache::control how) {
  cluster::cache_lookup asked;
  asked.partition = bytes_of(key.partition);
  asked.exact = bytes_of(key.exact);
  if (key.prompt && !vector.empty()) {
    asked.prompt = key.prompt;
    asked.vector.assign(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  }
  asked.threshold = std::bit_cast<std::uint32_t>(threshold);
  asked.measured = how == routing::answer_cache::control::measured;
  return asked;
}

cluster::cache_answer answer_of(const routing::answer_cache& cache, const cluster::cache_lookup& asked, std::int64_t now_us) {
  cluster::cache_answer said;
  said.id = asked.id;
  const auto partition = hash_in(asked.partition), exact = hash_in(asked.exact);
  if (!partition || !exact) return said;
  auto found = cache.find_same(*exact, now_us);
  if (!found.entry && asked.prompt) {
    const auto vector = vector_in(asked.vector, cache.judge().model().dimensions());
    if (!vector) return said;
    const routing::request_key key{*partition, *exact, asked.prompt};
    found = cache.find_alike(key, *vector, share_in(asked.threshold), now_us,
                             asked.measured ? routing::answer_cache::control::measured : routing::answer_cache::control::none);
  }
  if (!found.entry || found.entry->key.partition != *partition) return said;
  const bool given = found.kind == kind::exact || found.kind == kind::alike;
  if (given) said.record = record_of(*found.entry, false);
  if (said.record.size() > longest_shared_answer) return {asked.id, cache_result::miss, {}, 0, 0, {}};
  said.result = found.kind == kind::exact ? cache_result::exact : given ? cache_result::alike : cache_result::unsure;
  said.found = bytes_of(found.entry->key.exact);
  said.similarity = std::bit_cast<std::uint32_t>(found.similarity);
  said.verify_share = std::bit_cast<std::uint32_t>(found.verify_share);
  return said;
}

remote_finding finding_of(const cluster::cache_answer& said, const routing::request_key& asked) {
  remote_finding out;
  const auto exact = hash_in(said.found);
  if (said.result == cache_result::miss || !exact) return out;
  auto& found = out.found;
  found.similarity = share_in(said.similarity);
  found.verify_share = share_in(said.verify_share);
  if (said.result == cache_result::unsure) {
    found.kind = kind::unsure;
    out.near = exact;
    return out;
  }
  const bool same = said.result == cache_result::exact;
  if (same != (*exact == asked.exact) || (!same && !asked.prompt)) return {};
  found.entry = entry_in(said.record, *exact, &asked.partition);
  if (!found.entry) return {};
  found.kind = same ? kind::exact : kind::alike;
  return out;
}

cluster::cache_store store_of(const cache_offer& offer) {
  const auto& entry = *offer.entry;
  cluster::cache_store out;
  out.exact = bytes_of(entry.key.exact);
  out.record = record_of(entry, true);
  out.lasts = std::chrono::duration_cast<milliseconds>(microseconds(entry.expires_us - entry.created_us));
  out.operation = providers::to_string(offer.operation.operation);
  if (!offer.control) return out;
  auto& judged = out.judged.emplace();
  judged.max_wrong_rate = std::bit_cast<std::uint64_t>(offer.control->max_wrong_rate);
  judged.verify_share = std::bit_cast<std::uint64_t>(offer.control->verify_share);
  judged.least_similarity = std::bit_cast<std::uint64_t>(offer.control->least_similarity);
  if (offer.near)
    judged.near = bytes_of(offer.near->key.exact);
  else if (offer.near_exact)
    judged.near = bytes_of(*offer.near_exact);
  judged.similarity = std::bit_cast<std::uint32_t>(offer.similarity);
  judged.chance = std::bit_cast<std::uint32_t>(offer.chance);
  return out;
}

std::optional<cache_offer> offer_of(cluster::cache_store&& kept, const routing::answer_cache& cache, std::uint64_t embedding, std::int64_t now_us) {
  const auto exact = hash_in(kept.exact);
  const auto operation = operation_named(kept.operation);
  if (!exact || !operation || kept.lasts <= milliseconds(0) || kept.record.size() > longest_shared_answer) return std::nullopt;
  cache_offer out;
  out.entry = entry_in(kept.record, *exact, nullptr);
  if (!out.entry || out.entry->embedding != embedding) return std::nullopt;
  auto& entry = *out.entry;
  const auto& vector = entry.vector;
  const bool fits = vector.values.size() == cache.judge().model().dimensions() && std::isfinite(vector.scale);
  if (!vector.values.empty() && !fits) return std::nullopt;
  if (vector.values.empty()) entry.key.prompt.reset();
  entry.created_us = now_us;
  entry.expires_us = now_us + std::chrono::duration_cast<microseconds>(std::min(kept.lasts, longest_life)).count();
  out.operation.operation = *operation;
  out.body = std::move(entry.body);
  out.from_peer = true;
  if (!kept.judged) return out;
  const auto& judged = *kept.judged;
  routing::error_control_options control;
  control.max_wrong_rate = share_in(judged.max_wrong_rate, 1e-6, control.max_wrong_rate);
  control.verify_share = share_in(judged.verify_share, 0.0, control.verify_share);
  control.least_similarity = share_in(judged.least_similarity, 0.0, control.least_similarity);
  out.control = control;
  out.near_exact = hash_in(judged.near);
  out.similarity = share_in(judged.similarity);
  out.chance = std::max(share_in(judged.chance), 0.001f);
  return out;
}

}  // namespace switchyard::actors
