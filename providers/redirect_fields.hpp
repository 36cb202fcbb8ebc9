// What a request may not say: where its provider is, or with which credential it is called. Only the configuration may.
//
// Other gateways take such fields (`api_base` of LiteLLM, `x-portkey-custom-host` of Portkey) and have sent providers' keys to strangers for
// it. Here they would do nothing, so whoever sends one is told.
#pragma once

#include "base/header.hpp"
#include "base/result.hpp"

#include <simdjson.h>

#include <optional>
#include <span>
#include <string_view>

namespace switchyard::providers {

/// "api_base", "apiBase", "litellm_params.api-base", "OPENAI_API_BASE", "custom_host", "api_key", ...: whatever stands before it.
[[nodiscard]] bool names_a_redirect(std::string_view field) noexcept;

/// A top-level member of a request's body, or anything within it, unless it is content (messages, tools, schemas, ...). The error is
/// 400 invalid_request and names the field with its path. Members that are a plain value cost a look at their name.
[[nodiscard]] std::optional<error> refuse_redirect(std::string_view name, simdjson::dom::element value);
/// Of a request's header fields and its query ("a=b&c=d"). A client's own credential (x-api-key, api-key, x-goog-api-key, ?key=) is none.
[[nodiscard]] std::optional<error> refuse_redirect(std::span<const header> fields, std::string_view query);

}  // namespace switchyard::providers
