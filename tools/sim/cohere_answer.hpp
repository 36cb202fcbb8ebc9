// Prints answers and embeddings as Cohere does. Private to Cohere's wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

[[nodiscard]] reply answer_cohere_chat(const conversation& asked, const call& from);
[[nodiscard]] reply answer_cohere_embed(const boost::json::object& body);

/// "8-4-4-4-12" hex digits that depend on `text` alone.
[[nodiscard]] std::string cohere_id(std::string_view text);

}  // namespace switchyard::sim
