// The checksum of AWS event streams: CRC-32 as in zlib and Ethernet (reflected, polynomial 0xEDB88320).
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::providers {

/// Of `bytes`; `before`: the checksum of what came before them, to go on from there.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace switchyard::providers
