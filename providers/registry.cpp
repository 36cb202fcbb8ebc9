#include "providers/registry.hpp"

namespace switchyard::providers {

const wire* find_wire(config::wire_format format) noexcept {
  switch (format) {
    case config::wire_format::openai: return &openai_wire();
    case config::wire_format::anthropic:
    case config::wire_format::gemini:
    case config::wire_format::bedrock: return nullptr;
  }
  return nullptr;
}

}  // namespace switchyard::providers
