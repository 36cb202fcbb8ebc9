// Prints answers in Bedrock's shapes, whole or as event stream frames. Private to the Bedrock wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

namespace switchyard::sim {

[[nodiscard]] reply answer_converse(const conversation& asked, const call& from);

}  // namespace switchyard::sim
