// What kind of answer is asked for.
#pragma once

#include "routing/signals/findings.hpp"
#include "routing/signals/text_facts.hpp"

#include <string_view>

namespace switchyard::routing {

/// Rules over the query's words: what is asked (the verbs at the two ends of a long text) and what stands in it (code).
[[nodiscard]] format_finding find_format(std::string_view text, const text_facts& facts, bool json_wanted);

}  // namespace switchyard::routing
