// The formats this build speaks. A new one is a new file and a line in registry.cpp.
#pragma once

#include "providers/wire.hpp"

namespace switchyard::providers {

/// nullptr: this version does not speak it.
[[nodiscard]] const wire* find_wire(config::wire_format format) noexcept;

[[nodiscard]] const wire& openai_wire() noexcept;          // openai_wire.cpp
[[nodiscard]] const ingress& openai_ingress() noexcept;    // openai_ingress.cpp

}  // namespace switchyard::providers
