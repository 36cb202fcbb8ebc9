#include "tools/sim/event_frames.hpp"

#include <array>

namespace switchyard::sim {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

void add_u32(std::string& out, std::uint32_t n) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((n >> shift) & 0xFF);
}

void add_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr char string_type = 7;
  out += static_cast<char>(name.size());
  out += name;
  out += string_type;
  out += static_cast<char>((value.size() >> 8) & 0xFF);
  out += static_cast<char>(value.size() & 0xFF);
  out += value;
}

std::string frame(std::string_view kind, std::string_view message_type, std::string_view type, std::string_view json) {
  std::string headers;
  add_header(headers, kind, type);
  add_header(headers, ":content-type", "application/json");
  add_header(headers, ":message-type", message_type);
  std::string out = frame_prelude(static_cast<std::uint32_t>(12 + headers.size() + json.size() + 4), static_cast<std::uint32_t>(headers.size()));
  out += headers;
  out += json;
  add_u32(out, crc32(out));
  return out;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) noexcept {
  std::uint32_t c = 0xFFFFFFFFu;
  for (const char byte : bytes) c = crc_table[(c ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (c >> 8);
  return ~c;
}

std::string frame_prelude(std::uint32_t total, std::uint32_t headers) {
  std::string out;
  add_u32(out, total);
  add_u32(out, headers);
  add_u32(out, crc32(out));
  return out;
}

std::string event_frame(std::string_view type, std::string_view json) { return frame(":event-type", "event", type, json); }
std::string exception_frame(std::string_view type, std::string_view json) { return frame(":exception-type", "exception", type, json); }

}  // namespace switchyard::sim
