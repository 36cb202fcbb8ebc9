// Prints answers in Gemini's shapes, whole or as chunks. Private to the Gemini wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/reply.hpp"

namespace switchyard::sim {

[[nodiscard]] reply answer_generate(const conversation& asked, const call& from);
[[nodiscard]] reply answer_gemini_count(const conversation& asked, const call& from);
/// embedContent and batchEmbedContents read and answer at once.
[[nodiscard]] reply serve_embed_content(const call& asked);
[[nodiscard]] reply serve_batch_embed(const call& asked);

}  // namespace switchyard::sim
