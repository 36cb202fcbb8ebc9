// Are two texts alike enough for one to get the other's answer?
#pragma once

#include "routing/embedding/embedder.hpp"

#include <string>
#include <string_view>

namespace switchyard::routing {

struct likeness {
  float similarity = 0;        ///< cosine
  bool hit = false;
  std::string why;             ///< what was checked, and what came of it
};

/// A hit needs a cosine of at least `threshold`; two texts without words are never alike.
[[nodiscard]] likeness likeness_of(const embedder& model, std::string_view a, std::string_view b, float threshold);

}  // namespace switchyard::routing
