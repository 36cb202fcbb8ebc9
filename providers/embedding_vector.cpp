// Vectors as numbers and as base64 of little-endian float32 (RFC 4648, padded).
#include "providers/embedding.hpp"
#include "providers/json_scan.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace switchyard::providers {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> places = [] {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return out;
}();

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += alphabet[three >> 18];
    out += alphabet[three >> 12 & 63];
    out += i + 1 < bytes.size() ? alphabet[three >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? alphabet[three & 63] : '=';
  }
}

/// False for text that is not base64.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = places[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 255);
  }
  return held < 6;
}

}  // namespace

neutral::json_text vector_as_base64(neutral::json_text vector, neutral::arena& texts) {
  if (!json::is_array(vector)) return vector;
  std::string bytes;
  json::elements walk(vector);
  for (std::string_view entry; walk.next(entry);) {
    double number = 0;   // most write more digits than a float has
    const auto [end, problem] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
    if (problem != std::errc{} || end != entry.data() + entry.size()) return vector;
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(number));
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 255);
  }
  if (!walk.ok()) return vector;
  std::string out = "\"";
  out.reserve(bytes.size() / 3 * 4 + 8);
  append_base64(out, bytes);
  out += '"';
  return texts.keep(std::move(out));
}

neutral::json_text vector_as_numbers(neutral::json_text vector, neutral::arena& texts) {
  if (!json::is_string(vector)) return vector;
  std::string bytes;
  std::string_view text = vector.substr(1, vector.size() - 2);
  std::string unescaped;   // some escape the slash
  if (text.find('\\') != std::string_view::npos) text = unescaped = json::unescape(vector);
  if (!decode_base64(text, bytes) || bytes.size() % 4 != 0) return vector;
  std::string out = "[";
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k])) << (8 * k);
    const auto number = std::bit_cast<float>(bits);
    if (!std::isfinite(number)) return vector;   // JSON has no word for it
    char digits[32];
    if (i != 0) out += ',';
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  out += ']';
  return texts.keep(std::move(out));
}

}  // namespace switchyard::providers
