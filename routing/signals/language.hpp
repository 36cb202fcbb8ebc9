// Which language a text is in: by script, then by the small words each language cannot do without.
#pragma once

#include "routing/signals/findings.hpp"
#include "routing/signals/text_facts.hpp"

#include <string_view>

namespace switchyard::routing {

/// Looks at the first 400 words. Short texts get low confidence: two words may be of five languages.
[[nodiscard]] language_finding find_language(std::string_view text, const text_facts& facts);

}  // namespace switchyard::routing
