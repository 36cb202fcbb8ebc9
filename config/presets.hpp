// Known providers: what a config entry of that name may leave out, and where its dialect of the API differs. One row each.
#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::config {

/// Which header carries the key.
enum class key_header : std::uint8_t { bearer, api_key };          ///< "authorization: Bearer X", "api-key: X"

/// What stands between the base URL and "/chat/completions".
enum class path_style : std::uint8_t {
  versioned,   ///< "/v1", unless the base URL ends with a version itself ("/v1", "/api/paas/v4")
  bare,        ///< nothing
  azure,       ///< "/openai/v1", or with api_version "/openai/deployments/MODEL" and "?api-version="
};

/// How a model's earlier thoughts are given back to it.
enum class thoughts_field : std::uint8_t {
  none,             ///< not at all: unknown members of a message are refused
  content,          ///< "reasoning_content", the convention of DeepSeek and vLLM, with "reasoning_details" for signatures
  thinking_parts,   ///< Mistral: parts of the content
};

struct provider_preset {
  std::string_view name;                   ///< the config's provider name
  wire_format wire = wire_format::openai;
  std::string_view base_url;               ///< "https://api.openai.com"; empty: everyone has their own, as in `base_url_form`
  std::string_view key_variable;           ///< "OPENAI_API_KEY"; empty: needs no credential
  std::string_view prices;                 ///< the provider's name in the price catalogue; empty: its prices are unknown
  std::string_view base_url_form = {};     ///< "https://RESOURCE.openai.azure.com"
  key_header auth = key_header::bearer;
  path_style path = path_style::versioned;
  bool takes_stream_options = true;        ///< false: refuses the field, or reports usage without being asked
  bool has_responses_api = false;          ///< speaks /v1/responses itself
  // Of translated chat requests:
  bool original = false;                   ///< OpenAI's own service (also at Azure): newest fields, strict about any other
  bool takes_top_k = false;
  bool takes_cache_control = false;        ///< on text parts and tools, passed on to Anthropic
  bool penalties_only = false;             ///< refuses user, logprobs, top_logprobs and logit_bias; the seed is "random_seed"
  thoughts_field thoughts = thoughts_field::content;
  bool by_environment = true;              ///< its variable alone brings it in; false: that variable serves other programs as well
};

[[nodiscard]] std::span<const provider_preset> provider_presets() noexcept;
[[nodiscard]] const provider_preset* find_preset(std::string_view provider_name) noexcept;
/// By the provider's name, else by its base URL's host: a provider under a name of its own ("azure-east") speaks its dialect, too.
[[nodiscard]] const provider_preset* preset_of(const provider_config& provider) noexcept;

/// The row of a member of the OpenAI family: OpenAI's own for nullptr; for one that is not known, one without quirks.
[[nodiscard]] const provider_preset& family_row(const provider_config* provider) noexcept;

/// Does the provider speak /v1/responses itself? Its `responses_api`, else what its preset knows, else true: it is tried.
[[nodiscard]] bool has_responses_api(const provider_config& provider) noexcept;

}  // namespace switchyard::config
