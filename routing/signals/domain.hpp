// Which of fourteen fields of knowledge a query belongs to.
#pragma once

#include "routing/signals/findings.hpp"
#include "routing/signals/signal_models.hpp"
#include "routing/signals/text_facts.hpp"

namespace switchyard::routing {

/// The domain head over the query's vector and hashed words; confidence calibrated on subjects it had not seen. `english`: how sure it is that the
/// query is English, which the head was trained on; what is not lowers the confidence towards chance.
[[nodiscard]] domain_finding find_domain(const signal_heads& heads, std::span<const float> vector, const text_facts& facts, float english);

}  // namespace switchyard::routing
