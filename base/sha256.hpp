// SHA-256, for what is kept or looked up in place of a secret.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace switchyard {

using sha256_digest = std::array<std::uint8_t, 32>;

[[nodiscard]] sha256_digest sha256(std::string_view bytes) noexcept;
/// In a time that does not depend on where they differ.
[[nodiscard]] bool equal_in_constant_time(const sha256_digest& a, const sha256_digest& b) noexcept;

}  // namespace switchyard
