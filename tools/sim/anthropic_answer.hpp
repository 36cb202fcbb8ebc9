// Prints answers in Anthropic's shapes, whole or as events. Private to the Anthropic wire, but for the words that Bedrock has, too.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

namespace switchyard::sim {

/// "end_turn", as Anthropic and Bedrock call it.
[[nodiscard]] std::string_view stop_reason(ending why);
[[nodiscard]] reply answer_messages(const conversation& asked, const call& from);
[[nodiscard]] reply answer_count(const conversation& asked, const call& from);

}  // namespace switchyard::sim
