#include "cluster/rendezvous.hpp"

#include <algorithm>

namespace switchyard::cluster {

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

std::vector<node_name> owners_of(std::string_view what, std::span<const node_name> nodes) {
  const auto seed = stable_hash(what);
  std::vector<std::pair<std::uint64_t, const node_name*>> ranked;
  ranked.reserve(nodes.size());
  for (const auto& node : nodes) ranked.emplace_back(stable_hash(node, seed), &node);
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : *a.second < *b.second; });
  std::vector<node_name> order;
  order.reserve(ranked.size());
  for (const auto& [weight, node] : ranked) order.push_back(*node);
  return order;
}

std::uint8_t shard_of(std::string_view key) noexcept { return static_cast<std::uint8_t>(stable_hash(key) % shards); }

std::string shard_name(std::uint8_t shard) { return "shard " + std::to_string(shard); }

}  // namespace switchyard::cluster
