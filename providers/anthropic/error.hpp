// What Anthropic means by an error: {"type":"error","error":{"type":T,"message":M},"request_id":R?}, as a body or as a stream's event.
#pragma once

#include "providers/failure.hpp"

#include <string_view>

namespace switchyard::providers {

/// The failure an answer with that status and body stands for. `status` 0: there is none (an error inside a stream), its type decides.
/// `headers` give retry-after.
[[nodiscard]] failure judge_anthropic_error(int status, std::string_view body, std::span<const header> headers, wall_time now,
                                            std::string_view credential);

}  // namespace switchyard::providers
