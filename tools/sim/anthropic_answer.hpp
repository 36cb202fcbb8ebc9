// Prints answers in Anthropic's shapes, whole or as events. Private to the Anthropic wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

namespace switchyard::sim {

[[nodiscard]] reply answer_messages(const conversation& asked, const call& from);
[[nodiscard]] reply answer_count(const conversation& asked, const call& from);

}  // namespace switchyard::sim
