// The Bedrock wire as the simulator speaks it: converse and converse-stream, callers proven by SigV4.
#pragma once

#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] const wire& bedrock_wire() noexcept;

/// {"message"} with x-amzn-errortype; the status goes with the type.
[[nodiscard]] reply bedrock_refusal(std::string_view message, int status = 400, std::string_view type = "ValidationException");

}  // namespace switchyard::sim
