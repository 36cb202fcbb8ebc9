// Prints answers in OpenAI's shapes, whole or as events. Private to the OpenAI wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

namespace switchyard::sim {

[[nodiscard]] reply answer_chat(const conversation& asked, const boost::json::object& body, const call& from);
[[nodiscard]] reply answer_responses(const conversation& asked, const boost::json::object& body, const call& from);
[[nodiscard]] reply answer_completions(const std::vector<conversation>& asked, const boost::json::object& body, const call& from);
/// Reads and answers; vectors are unit length and near for texts that share words.
[[nodiscard]] reply answer_embeddings(const boost::json::object& body);

[[nodiscard]] boost::json::object model_object(std::string_view id);

}  // namespace switchyard::sim
