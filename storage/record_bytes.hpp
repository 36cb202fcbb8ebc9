// A record's bytes as record_writer makes them (record.hpp), written into room that was made for all of them at once: appending one or two bytes at a
// time was a third of what a row took to encode.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace switchyard::storage {

/// Precondition: the room is there.
class record_bytes {
 public:
  /// In bytes; a head is that of a list, a text or a blob.
  static constexpr std::size_t longest_number = 9, longest_head = 5;
  explicit record_bytes(char* at) : at_(at) {}

  void byte(unsigned value) { *at_++ = static_cast<char>(value); }
  void raw(std::string_view bytes) {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void number(std::int64_t value) {
    const auto u = static_cast<std::uint64_t>(value);
    if (value >= 0) {
      if (value < 0x80) return byte(static_cast<unsigned>(value));
      if (value < 0x100) return headed<1>(0xcc, u);
      if (value < 0x10000) return headed<2>(0xcd, u);
      if (value < 0x100000000) return headed<4>(0xce, u);
      return headed<8>(0xcf, u);
    }
    if (value >= -0x20) return byte(static_cast<unsigned>(u & 0xff));
    if (value >= -0x80) return headed<1>(0xd0, u);
    if (value >= -0x8000) return headed<2>(0xd1, u);
    if (value >= -0x80000000ll) return headed<4>(0xd2, u);
    headed<8>(0xd3, u);
  }
  void number_or_nil(const std::optional<std::int64_t>& value) {
    if (value) return number(*value);
    byte(0xc0);
  }
  void list(std::size_t items) {
    if (items < 16) return byte(0x90 | static_cast<unsigned>(items));
    headed<2>(0xdc, items);
  }
  void text(std::string_view value) {
    if (value.size() < 32)
      byte(0xa0 | static_cast<unsigned>(value.size()));
    else if (value.size() < 0x100)
      headed<1>(0xd9, value.size());
    else if (value.size() < 0x10000)
      headed<2>(0xda, value.size());
    else
      headed<4>(0xdb, value.size());
    raw(value);
  }
  /// Of less than 256 bytes.
  void bytes(std::string_view value) {
    headed<1>(0xc4, value.size());
    raw(value);
  }
  [[nodiscard]] const char* at() const noexcept { return at_; }

 private:
  template <int size>
  void headed(unsigned head, std::uint64_t value) {
    byte(head);
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) byte(static_cast<unsigned>((value >> shift) & 0xff));
  }
  char* at_;
};

}  // namespace switchyard::storage
