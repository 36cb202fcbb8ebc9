// How long the answer will be.
#pragma once

#include "routing/signals/findings.hpp"
#include "routing/signals/text_facts.hpp"

#include <cstdint>

namespace switchyard::routing {

/// Expected output tokens and the range in which about four of five answers lie: by what is asked outright ("in 200 words", "one sentence"),
/// else by format and complexity; a summary or translation by what is to be summed up. `most` caps it (0: nothing said).
void expect_output(const text_facts& facts, answer_format format, float complexity, std::int64_t input, std::int64_t most, token_finding& to);

}  // namespace switchyard::routing
