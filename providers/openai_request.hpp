// Reading an OpenAI request body: the facts routing needs and the bytes that may have to change.
#pragma once

#include "base/result.hpp"
#include "providers/api_request.hpp"

#include <string_view>

namespace switchyard::providers {

/// See ingress::parse(). Members it does not know are left to the provider, whatever they are called.
[[nodiscard]] result<api_request> parse_openai_request(api operation, std::string_view body);

}  // namespace switchyard::providers
