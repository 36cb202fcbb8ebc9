// The Anthropic wire as the simulator speaks it: messages, count_tokens, models. As strict as the real one about what it is sent.
#pragma once

#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] const wire& anthropic_wire() noexcept;

/// {"type": "error", "error": {"type", "message"}, "request_id"}, the type by status.
[[nodiscard]] std::string anthropic_error_body(int status, std::string_view message, std::string_view request_id);
/// 400 invalid_request_error, unless another status is given.
[[nodiscard]] reply anthropic_refusal(std::string_view message, int status = 400);

}  // namespace switchyard::sim
