// Small prompts of made-up words, stored: what the cache's tests are made of.
#pragma once

#include "base/random.hpp"
#include "routing/cache/cache_entry.hpp"
#include "routing/embedding/embedder.hpp"
#include "tests/routing/embedding/table_builder.hpp"

#include <memory>
#include <string>

namespace switchyard::test {

/// Words "aax" ... "hhx", each with a random direction.
inline const routing::embedder& many_words() {
  static const std::string bytes = [] {
    table_parts parts{{"[UNK]"}, {0.0f}, std::vector<std::int8_t>(32), 32};
    random_source random(5);
    for (char a = 'a'; a <= 'h'; ++a)
      for (char b = 'a'; b <= 'h'; ++b) {
        parts.pieces.push_back({a, b, 'x'});
        parts.scales.push_back(0.01f);
        for (int d = 0; d < 32; ++d) parts.rows.push_back(static_cast<std::int8_t>(static_cast<int>(random.below(200)) - 100));
      }
    return table_bytes(parts);
  }();
  static const auto made = routing::embedder::of_table(*routing::table_file::of_bytes(bytes));
  return *made;
}

inline routing::cache_hash hash_of(std::uint64_t n) {
  routing::cache_hash out{};
  for (std::size_t i = 0; i < 8; ++i) out[i] = out[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return out;
}

inline std::string words(random_source& random, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += std::string{static_cast<char>('a' + random.below(8)), static_cast<char>('a' + random.below(8)), 'x', ' '};
  return out;
}

inline std::shared_ptr<routing::cache_entry> entry(std::uint64_t exact, std::uint64_t partition, const std::string& prompt, const std::string& body = "answer") {
  auto out = std::make_shared<routing::cache_entry>();
  out->key = {hash_of(partition), hash_of(exact), prompt};
  out->vector = routing::small_vector(many_words().embed(prompt));
  out->route = partition % 2 == 0 ? "even" : "odd";
  out->tenant = "t" + std::to_string(partition);
  out->tags = {"team=" + std::to_string(partition)};
  out->expires_us = 1000;
  out->body = body;
  return out;
}

}  // namespace switchyard::test
