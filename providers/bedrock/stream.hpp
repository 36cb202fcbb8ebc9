// Following a converse-stream: what is content, what is an error, what ends it, what it cost.
#pragma once

#include "providers/wire.hpp"

#include <memory>
#include <string_view>

namespace switchyard::providers {

/// See wire::open_stream().
[[nodiscard]] std::unique_ptr<stream_decoder> open_bedrock_stream(std::string_view credential);

/// {"inputTokens","outputTokens","cacheReadInputTokens","cacheWriteInputTokens"}. Bedrock's inputTokens are those beside the cache;
/// `out.input` is all of them. What is no such object leaves `out` as it was.
void read_bedrock_usage(std::string_view object, usage& out) noexcept;

}  // namespace switchyard::providers
