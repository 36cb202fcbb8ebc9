// The formats this build speaks. A new one is a new file and a line in registry.cpp.
#pragma once

#include "providers/wire.hpp"

#include "providers/embedding.hpp"

namespace switchyard::providers {

[[nodiscard]] const wire* find_wire(config::wire_format format) noexcept;
/// The format an operation belongs to.
[[nodiscard]] const ingress& ingress_of(api operation) noexcept;
/// The grammar of an operation's bodies; nullptr: it generates nothing.
[[nodiscard]] const dialect* dialect_of(api operation) noexcept;
/// nullptr: it is no embedding.
[[nodiscard]] const embedding_dialect* embedding_dialect_of(api operation) noexcept;

[[nodiscard]] const wire& openai_wire() noexcept;             // openai/wire.cpp
[[nodiscard]] const wire& anthropic_wire() noexcept;          // anthropic/wire.cpp
[[nodiscard]] const wire& gemini_wire() noexcept;             // gemini/wire.cpp
[[nodiscard]] const wire& bedrock_wire() noexcept;            // bedrock/wire.cpp
[[nodiscard]] const wire& cohere_wire() noexcept;             // cohere/wire.cpp

[[nodiscard]] const ingress& openai_ingress() noexcept;       // openai/ingress.cpp
[[nodiscard]] const ingress& anthropic_ingress() noexcept;    // anthropic/ingress.cpp
[[nodiscard]] const ingress& gemini_ingress() noexcept;       // gemini/ingress.cpp
[[nodiscard]] const ingress& bedrock_ingress() noexcept;      // bedrock/ingress.cpp

}  // namespace switchyard::providers
