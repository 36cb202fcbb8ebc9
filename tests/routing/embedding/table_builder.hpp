// Embedding tables built by hand: the writer beside the reader of routing/embedding/table_file.cpp.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace switchyard::test {

struct table_parts {
  std::vector<std::string> pieces;
  std::vector<float> scales;
  std::vector<std::int8_t> rows;
  std::uint32_t dimensions = 32;
  std::uint32_t width = 0, units = 0, hidden = 0, corrected = 0;
  std::vector<float> context_floats;           // the file's, in its order
  std::vector<std::int8_t> layers;
  std::vector<std::uint8_t> context_rows, corrections;
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

inline std::string table_bytes(const table_parts& parts, char version = '3') {
  std::string body;
  for (const auto& piece : parts.pieces) body += piece + '\n';
  const auto text = static_cast<std::uint32_t>(body.size());
  pad(body);
  for (const float scale : parts.scales) put(body, scale);
  body.append(reinterpret_cast<const char*>(parts.rows.data()), parts.rows.size());
  pad(body);
  for (const float number : parts.context_floats) put(body, number);
  body.append(reinterpret_cast<const char*>(parts.layers.data()), parts.layers.size());
  body.append(reinterpret_cast<const char*>(parts.context_rows.data()), parts.context_rows.size());
  body.append(reinterpret_cast<const char*>(parts.corrections.data()), parts.corrections.size());
  pad(body);
  std::string bytes = std::string("swydemb") + version;
  put(bytes, parts.dimensions);
  put(bytes, static_cast<std::uint32_t>(parts.pieces.size()));
  put(bytes, text);
  if (version == '1') put(bytes, std::uint32_t{0});
  else for (const auto size : {parts.width, parts.units, parts.hidden, parts.corrected, 0u}) put(bytes, size);
  const auto checksum_at = bytes.size();
  put(bytes, std::uint64_t{0});
  bytes += body;
  const auto checksum = table_checksum(bytes);
  std::memcpy(bytes.data() + checksum_at, &checksum, sizeof checksum);
  return bytes;
}

/// `parts` with a context network of any weights: 16 wide, 32 units, 48 hidden; all of a row corrected.
inline table_parts in_context(table_parts parts, unsigned seed) {
  std::mt19937 chance(seed);
  const auto any = [&chance](float low, float high) { return low + (high - low) * static_cast<float>(chance() % 4096) / 4095; };
  parts.width = 16, parts.units = 32, parts.hidden = 48, parts.corrected = parts.dimensions;
  parts.context_floats = {0.02f, 0.03f, 0.05f, 0.02f, 0.1f, 0.0f};
  const auto floats = [&](std::size_t count, float low, float high) {
    while (count-- > 0) parts.context_floats.push_back(any(low, high));
  };
  floats(parts.units, 0.0001f, 0.001f);
  floats(parts.units, -0.5f, 0.5f);
  floats(parts.units, -0.3f, 0.3f);
  floats(parts.hidden, 0.0001f, 0.0005f);
  floats(parts.hidden, -0.2f, 0.5f);
  floats(parts.dimensions, 0.00001f, 0.0001f);
  floats(parts.width * parts.units, -0.01f, 0.01f);
  parts.context_floats.insert(parts.context_floats.end(), parts.scales.begin(), parts.scales.end());
  floats(parts.pieces.size(), 0.1f, 0.5f);
  parts.layers.resize(3 * parts.width * parts.units + (parts.dimensions + 2 * parts.units) * parts.hidden + parts.hidden * parts.dimensions);
  for (auto& weight : parts.layers) weight = static_cast<std::int8_t>(chance() % 256);
  parts.context_rows.resize(parts.pieces.size() * parts.width);
  for (auto& value : parts.context_rows) value = static_cast<std::uint8_t>(chance() % 128);
  parts.corrections.resize(parts.pieces.size() * parts.corrected / 2);
  for (auto& two : parts.corrections) two = static_cast<std::uint8_t>(chance() % 256);
  return parts;
}

/// Three words, each its own axis.
inline table_parts three_axes() {
  table_parts parts{{"[UNK]", "red", "##dish", "blue"}, {0.0f, 0.5f, 1.0f, 0.25f}, std::vector<std::int8_t>(4 * 32), 32};
  for (std::size_t i = 1; i < 4; ++i) parts.rows[i * 32 + i] = static_cast<std::int8_t>(i == 3 ? -128 : 100);
  return parts;
}

}  // namespace switchyard::test
