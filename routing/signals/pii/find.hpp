// Personal data and secrets in a text: validated, not guessed from shape alone.
#pragma once

#include "routing/signals/findings.hpp"

#include <string_view>
#include <vector>

namespace switchyard::routing {

/// Appends the spans in `text`, in order, none overlapping; each gets `turn`. One scan; bytes that are no UTF-8 do no harm.
void find_pii(std::string_view text, std::size_t turn, std::vector<pii_span>& to);

/// All turns of a prompt: what goes to a provider counts, whoever said it.
template <class Turns>
[[nodiscard]] pii_finding find_pii_in(const Turns& turns) {
  pii_finding found;
  std::size_t at = 0;
  for (const auto& turn : turns) find_pii(turn.text, at++, found.spans);
  for (const auto& span : found.spans) found.score = found.score < span.confidence ? span.confidence : found.score;
  return found;
}

}  // namespace switchyard::routing
