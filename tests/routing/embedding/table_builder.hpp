// Embedding tables built by hand: the writer beside the reader of routing/embedding/table_file.cpp.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace switchyard::test {

struct table_parts {
  std::vector<std::string> pieces;
  std::vector<float> scales;
  std::vector<std::int8_t> rows;
  std::uint32_t dimensions = 32;
};

/// For messages of checks: what went wrong, if anything did.
template <class T>
std::string problem_in(const result<T>& made) {
  return made ? std::string() : made.failure().message;
}

inline void pad(std::string& to) { to.resize((to.size() + 7) / 8 * 8); }

template <class T>
void put(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::uint64_t table_checksum(const std::string& bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i * 8 < bytes.size(); ++i) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i * 8, 8);
    sum += word * (2 * i + 1);
  }
  return sum;
}

inline std::string table_bytes(const table_parts& parts, char version = '1') {
  std::string body;
  for (const auto& piece : parts.pieces) body += piece + '\n';
  const auto text = static_cast<std::uint32_t>(body.size());
  pad(body);
  for (const float scale : parts.scales) put(body, scale);
  body.append(reinterpret_cast<const char*>(parts.rows.data()), parts.rows.size());
  pad(body);
  std::string bytes = std::string("swydemb") + version;
  put(bytes, parts.dimensions);
  put(bytes, static_cast<std::uint32_t>(parts.pieces.size()));
  put(bytes, text);
  put(bytes, std::uint32_t{0});
  put(bytes, std::uint64_t{0});
  bytes += body;
  const auto checksum = table_checksum(bytes);
  std::memcpy(bytes.data() + 24, &checksum, sizeof checksum);
  return bytes;
}

/// Three words, each its own axis.
inline table_parts three_axes() {
  table_parts parts{{"[UNK]", "red", "##dish", "blue"}, {0.0f, 0.5f, 1.0f, 0.25f}, std::vector<std::int8_t>(4 * 32), 32};
  for (std::size_t i = 1; i < 4; ++i) parts.rows[i * 32 + i] = static_cast<std::int8_t>(i == 3 ? -128 : 100);
  return parts;
}

}  // namespace switchyard::test
