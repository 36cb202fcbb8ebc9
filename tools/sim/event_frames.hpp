// AWS event stream frames (application/vnd.amazon.eventstream), all integers big-endian:
//
//   frame   = total length (u32) headers length (u32) prelude CRC (u32) headers payload message CRC (u32)
//   header  = name length (u8) name type (u8, 7: string) value length (u16) value
//
// The prelude CRC covers the first 8 bytes, the message CRC everything before itself; both are CRC-32 (IEEE 802.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] std::uint32_t crc32(std::string_view bytes) noexcept;

/// A frame with :event-type, :content-type application/json and :message-type event.
[[nodiscard]] std::string event_frame(std::string_view type, std::string_view json);
/// A frame with :exception-type, :content-type application/json and :message-type exception.
[[nodiscard]] std::string exception_frame(std::string_view type, std::string_view json);
/// The 12 bytes before a frame of `total` bytes, whose CRC is right.
[[nodiscard]] std::string frame_prelude(std::uint32_t total, std::uint32_t headers);

}  // namespace switchyard::sim
