// How much a query asks of a model.
#pragma once

#include "routing/signals/features.hpp"
#include "routing/signals/findings.hpp"
#include "routing/signals/signal_models.hpp"

namespace switchyard::routing {

/// The complexity head over the query's vector and dense numbers, mapped to 0..1: the share of the reference requests that are easier.
[[nodiscard]] complexity_finding find_complexity(const signal_heads& heads, std::span<const float> vector, const text_facts& facts);

}  // namespace switchyard::routing
