// Cohere's wire as the simulator speaks it: v2/chat and v2/embed.
#pragma once

#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] const wire& cohere_wire() noexcept;

/// {"id", "message"}
[[nodiscard]] reply cohere_refusal(int status, std::string_view message);

}  // namespace switchyard::sim
