// The OpenAI wire as the simulator speaks it: chat/completions, responses, completions, embeddings, models.
#pragma once

#include "tools/sim/reply.hpp"

#include <span>
#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] std::span<const wire_route> openai_routes() noexcept;

/// {"error": {"message", "type", "param", "code"}}; empty param and code are null.
[[nodiscard]] std::string openai_error_body(std::string_view message, std::string_view type, std::string_view param = {}, std::string_view code = {});
[[nodiscard]] reply openai_refusal(int status, std::string_view message, std::string_view param = {}, std::string_view code = {});

}  // namespace switchyard::sim
