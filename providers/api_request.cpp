#include "providers/api_request.hpp"

namespace switchyard::providers {

std::string_view to_string(api operation) noexcept {
  switch (operation) {
    case api::chat_completions: return "chat_completions";
    case api::responses: return "responses";
    case api::completions: return "completions";
    case api::embeddings: return "embeddings";
    case api::messages: return "messages";
    case api::count_message_tokens: return "count_message_tokens";
    case api::generate_content: return "generate_content";
    case api::count_content_tokens: return "count_content_tokens";
    case api::embed_content: return "embed_content";
    case api::batch_embed_contents: return "batch_embed_contents";
    case api::converse: return "converse";
  }
  return "chat_completions";
}

}  // namespace switchyard::providers
