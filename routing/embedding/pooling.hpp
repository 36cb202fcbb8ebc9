// Sums of table rows, by the widest vector instructions the machine has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchyard::routing {

/// out[d] = sum over ids of scales[id] * rows[id * out.size() + d]. out.size() is a multiple of 32.
using pooling = void (*)(std::span<const std::uint32_t> ids, const float* scales, const std::int8_t* rows, std::span<float> out);

/// Chosen once, by what the processor says of itself.
[[nodiscard]] pooling best_pooling() noexcept;
/// Needs no particular processor; what the others must equal but for rounding.
[[nodiscard]] pooling portable_pooling() noexcept;

}  // namespace switchyard::routing
