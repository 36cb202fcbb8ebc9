#include "base/ids.hpp"

namespace switchyard {

request_id request_id::make(wall_time at, random_source& random) noexcept {
  request_id id;
  const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count());
  for (int i = 0; i < 6; ++i) id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  const std::uint64_t a = random.next();
  const std::uint64_t b = random.next();
  for (std::size_t i = 6; i < 8; ++i) id.bytes[i] = static_cast<std::uint8_t>(a >> (8 * (i - 6)));
  for (std::size_t i = 8; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(b >> (8 * (i - 8)));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

void request_id::write(char* out) const noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
}

std::string request_id::to_string() const {
  std::string text(36, '-');
  write(text.data());
  return text;
}

bool request_id::parse(std::string_view text, request_id& out) noexcept {
  if (text.size() != 36) return false;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  request_id parsed;
  std::size_t at = 0;
  for (std::size_t i = 0; i < parsed.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return false;
    }
    const int high = digit(text[at]);
    const int low = digit(text[at + 1]);
    if (high < 0 || low < 0) return false;
    parsed.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  out = parsed;
  return true;
}

}  // namespace switchyard
