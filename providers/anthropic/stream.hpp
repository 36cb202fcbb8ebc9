// Following an Anthropic stream that is relayed as it comes: what is content, what is an error, what ends it, what it cost.
#pragma once

#include "providers/wire.hpp"

#include <memory>
#include <string_view>

namespace switchyard::providers {

/// See wire::open_stream().
[[nodiscard]] std::unique_ptr<stream_decoder> open_anthropic_stream(std::string_view credential);

}  // namespace switchyard::providers
