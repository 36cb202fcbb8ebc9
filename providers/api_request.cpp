#include "providers/api_request.hpp"

namespace switchyard::providers {

std::string_view to_string(api operation) noexcept {
  switch (operation) {
    case api::chat_completions: return "chat_completions";
    case api::responses: return "responses";
    case api::completions: return "completions";
    case api::embeddings: return "embeddings";
  }
  return "chat_completions";
}

}  // namespace switchyard::providers
