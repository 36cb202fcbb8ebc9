// Where members of the OpenAI-compatible family differ from OpenAI, as far as a translated chat request must know.
#pragma once

#include "config/config.hpp"

#include <string_view>

namespace switchyard::providers {

/// How earlier thoughts of the model are given back to it.
enum class thoughts_field {
  none,             ///< not at all: unknown members of a message are refused
  content,          ///< "reasoning_content", the convention of DeepSeek and vLLM, with "reasoning_details" for signatures
  thinking_parts,   ///< Mistral: parts of the content
};

struct family_rules {
  std::string_view provider;
  bool original = false;              ///< OpenAI's own service (also at Azure): newest fields, strict about any other
  bool stream_options = true;         ///< takes stream_options.include_usage; else it reports usage unasked
  bool top_k = false;
  bool cache_control = false;         ///< on text parts, passed on to Anthropic
  bool penalties_only = false;        ///< refuses user, logprobs, top_logprobs and logit_bias; the seed is "random_seed"
  thoughts_field thoughts = thoughts_field::content;
};

/// The rules for that provider; OpenAI's own for nullptr. A provider is OpenAI itself by its name ("openai", "azure…") or address.
[[nodiscard]] const family_rules& rules_of(const config::provider_config* provider) noexcept;

}  // namespace switchyard::providers
