// What is particular to Bedrock's keys: AWS credentials and the region, which makes the address.
#pragma once

#include "config/config.hpp"
#include "config/reading.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

/// "us-east-1": it becomes part of a host name, so letters, digits and '-' only.
[[nodiscard]] bool is_aws_region(std::string_view text) noexcept;
/// "https://bedrock-runtime.us-east-1.amazonaws.com"; precondition: is_aws_region(region).
[[nodiscard]] std::string bedrock_endpoint(std::string_view region);

/// Gives each key without an address the one of its region.
void complete_bedrock(provider_config& provider);
/// A key has one kind of credential, whole, and what that needs; other wires have none of AWS's.
void check_aws_keys(const provider_config& provider, const std::string& path, reading& run);
/// From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION (or AWS_DEFAULT_REGION), or from
/// AWS_BEARER_TOKEN_BEDROCK and the region. nullopt: not all of them are there, or one was reported.
[[nodiscard]] std::optional<provider_config> bedrock_from_environment(reading& run);

}  // namespace switchyard::config
