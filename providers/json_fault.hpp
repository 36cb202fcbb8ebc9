// Where a refused JSON text goes wrong.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::providers::json {

/// What and at which byte (from 0), for a text known to be wrong; `otherwise` when this reader sees no fault. Slow path.
[[nodiscard]] std::string describe_fault(std::string_view text, std::string_view otherwise);

}  // namespace switchyard::providers::json
