#include "providers/registry.hpp"

#include "providers/dialect.hpp"

namespace switchyard::providers {

const wire* find_wire(config::wire_format format) noexcept {
  switch (format) {
    case config::wire_format::openai: return &openai_wire();
    case config::wire_format::anthropic: return &anthropic_wire();
    case config::wire_format::gemini: return &gemini_wire();
    case config::wire_format::bedrock: return &bedrock_wire();
    case config::wire_format::cohere: return &cohere_wire();
  }
  return nullptr;
}

const ingress& ingress_of(api operation) noexcept {
  switch (operation) {
    case api::chat_completions:
    case api::responses:
    case api::completions:
    case api::embeddings: return openai_ingress();
    case api::messages:
    case api::count_message_tokens: return anthropic_ingress();
    case api::generate_content:
    case api::count_content_tokens:
    case api::embed_content:
    case api::batch_embed_contents: return gemini_ingress();
    case api::converse: return bedrock_ingress();
  }
  return openai_ingress();
}

const dialect* dialect_of(api operation) noexcept {
  switch (operation) {
    case api::chat_completions: return &chat_dialect();
    case api::responses: return &responses_dialect();
    case api::completions: return &completions_dialect();
    case api::messages: return &messages_dialect();
    case api::generate_content: return &generate_content_dialect();
    case api::converse: return &converse_dialect();
    case api::embeddings:
    case api::embed_content:
    case api::batch_embed_contents:
    case api::count_message_tokens:
    case api::count_content_tokens: return nullptr;
  }
  return nullptr;
}

const embedding_dialect* embedding_dialect_of(api operation) noexcept {
  switch (operation) {
    case api::embeddings: return &openai_embedding_dialect();
    case api::embed_content: return &gemini_embedding_dialect();
    case api::batch_embed_contents: return &gemini_batch_embedding_dialect();
    default: return nullptr;
  }
}

}  // namespace switchyard::providers
