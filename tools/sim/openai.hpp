// The OpenAI wire as the simulator speaks it: chat/completions, responses, completions, embeddings, models.
#pragma once

#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] const wire& openai_wire() noexcept;

/// {"error": {"message", "type", "param", "code"}}; empty param and code are null.
[[nodiscard]] std::string openai_error_body(std::string_view message, std::string_view type, std::string_view param = {}, std::string_view code = {});
[[nodiscard]] reply openai_refusal(int status, std::string_view message, std::string_view param = {}, std::string_view code = {});

}  // namespace switchyard::sim
