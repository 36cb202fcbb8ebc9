#include "providers/openai/family.hpp"

namespace switchyard::providers {

namespace {

constexpr family_rules itself = {.provider = "openai", .original = true, .thoughts = thoughts_field::none};
constexpr family_rules others = {};

constexpr family_rules table[] = {
    {.provider = "cerebras", .thoughts = thoughts_field::none},
    {.provider = "cohere", .stream_options = false, .thoughts = thoughts_field::none},
    {.provider = "fireworks", .top_k = true},
    {.provider = "groq", .stream_options = false, .thoughts = thoughts_field::none},
    {.provider = "lmstudio", .top_k = true},
    {.provider = "mistral", .stream_options = false, .penalties_only = true, .thoughts = thoughts_field::thinking_parts},
    {.provider = "openrouter", .top_k = true, .cache_control = true},
    {.provider = "perplexity", .stream_options = false, .thoughts = thoughts_field::none},
    {.provider = "together", .top_k = true},
    {.provider = "vllm", .top_k = true},
    {.provider = "xai", .thoughts = thoughts_field::none},
};

}  // namespace

const family_rules& rules_of(const config::provider_config* provider) noexcept {
  if (provider == nullptr || provider->name == "openai" || std::string_view(provider->name).starts_with("azure")) return itself;
  const std::string_view address = provider->base_url;
  if (address.find("//api.openai.com") != std::string_view::npos || address.find(".azure.com") != std::string_view::npos) return itself;
  for (const auto& row : table)
    if (row.provider == provider->name) return row;
  return others;
}

}  // namespace switchyard::providers
