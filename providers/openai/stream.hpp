// Following an OpenAI stream: what is content, what is an error, what ends it, what it cost.
#pragma once

#include "providers/wire.hpp"

#include <memory>
#include <string_view>

namespace switchyard::providers {

/// See wire::open_stream().
[[nodiscard]] std::unique_ptr<stream_decoder> open_openai_stream(api operation, bool hide_usage, std::string_view credential);

/// {"prompt_tokens","completion_tokens","prompt_tokens_details":{"cached_tokens"}} or the responses API's {"input_tokens",...};
/// what it does not name stays as it was in `out`.
void read_openai_usage(std::string_view object, usage& out) noexcept;

/// Generated pictures of a complete answer: of its choices' messages, or among its output items.
[[nodiscard]] std::int64_t count_openai_images(std::string_view answer) noexcept;

}  // namespace switchyard::providers
