// The Gemini wire as the simulator speaks it, by API key and as Vertex: generateContent, streamGenerateContent, countTokens,
// embedContent, batchEmbedContents, models. Unknown fields are refused, as Google refuses them.
#pragma once

#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

[[nodiscard]] const wire& gemini_wire() noexcept;

/// {"error": {"code", "message", "status", "details"?}}, the status by its code.
[[nodiscard]] std::string gemini_error_body(int code, std::string_view message, std::string_view details_json = {});
/// 400 INVALID_ARGUMENT, unless another code is given.
[[nodiscard]] reply gemini_refusal(std::string_view message, int code = 400, std::string_view details_json = {});

/// The model of "/v1beta/models/{model}:action" and of Vertex's paths, decoded.
[[nodiscard]] std::string gemini_model_of(const call& asked);
[[nodiscard]] bool is_vertex(const call& asked) noexcept;

}  // namespace switchyard::sim
