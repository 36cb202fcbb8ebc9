// Requests for harm and abusive language.
#pragma once

#include "routing/signals/passages.hpp"
#include "routing/signals/signal_models.hpp"

namespace switchyard::routing {

/// Judges one turn and keeps the stronger finding: the harm head and the toxicity head over its passages, and phrases that name a kind of
/// harm. Phrases push the harm head up, honest contexts take that back.
void judge_harm(const signal_heads& heads, const passages& turn, harmful_finding& found);

}  // namespace switchyard::routing
