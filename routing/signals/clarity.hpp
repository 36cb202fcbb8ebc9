// Does a query say what it wants?
#pragma once

#include "routing/signals/findings.hpp"
#include "routing/signals/text_facts.hpp"

namespace switchyard::routing {

/// Ambiguous: too few words, or it points ("fix it", "what about this?") at something that neither the query nor an earlier turn holds.
[[nodiscard]] clarity_finding find_clarity(const text_facts& facts, std::size_t turns, int images);

}  // namespace switchyard::routing
