// Do two answers to alike prompts say the same? How the error control tells a right hit from a wrong one.
#pragma once

#include "routing/embedding/embedder.hpp"

#include <string_view>

namespace switchyard::routing {

/// Models word an answer anew each time, so likeness must do: the same words, or vectors at least 0.8 alike; of short answers (up to 30
/// words) also the same numbers, and neither a "yes" where the other says "no". Errs towards "no": what differs in length by more than
/// three times is not the same.
[[nodiscard]] bool answers_agree(const embedder& model, std::string_view a, std::string_view b);

}  // namespace switchyard::routing
