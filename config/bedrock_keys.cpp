#include "config/bedrock_keys.hpp"

#include "config/credential.hpp"

#include <algorithm>

namespace switchyard::config {

bool is_aws_region(std::string_view text) noexcept {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 40 && text.front() != '-' && text.back() != '-' && std::all_of(text.begin(), text.end(), fits);
}

std::string bedrock_endpoint(std::string_view region) {
  std::string out = "https://bedrock-runtime.";
  (out += region) += ".amazonaws.com";
  if (region.starts_with("cn-")) out += ".cn";
  return out;
}

void complete_bedrock(provider_config& provider) {
  const bool own_address = !provider.base_url.empty();
  for (auto& key : provider.keys) {
    if (own_address || !key.base_url.empty() || !is_aws_region(key.region)) continue;
    key.base_url = bedrock_endpoint(key.region);
    if (provider.base_url.empty()) provider.base_url = key.base_url;
  }
}

void check_aws_keys(const provider_config& provider, const std::string& path, reading& run) {
  for (std::size_t i = 0; i < provider.keys.size(); ++i) {
    const auto& key = provider.keys[i];
    const auto key_path = path + ".keys[" + std::to_string(i) + "]";
    const auto given = [&](const char* name) { return run.given(key_path + "." + name); };
    const auto report = [&](const char* name, std::string message) {
      const auto at = key_path + "." + name;
      if (!run.reported(at)) run.report(at, given(name) ? run.place_of(at) : key.at, std::move(message));
    };
    const bool id = given("access_key_id"), other = given("secret_access_key"), token = given("session_token"), value = given("value");
    if (provider.wire != wire_format::bedrock) {
      for (const auto* name : {"access_key_id", "secret_access_key", "session_token"})
        if (given(name)) report(name, "is for providers with the bedrock wire; others have a value");
      continue;
    }
    if (id && !other) report("secret_access_key", "is required with access_key_id");
    if (other && !id) report("access_key_id", "is required with secret_access_key");
    if (token && !id && !other) report("session_token", "belongs to access_key_id and secret_access_key, which are missing");
    if (value && (id || other)) report("value", "a key has either a value (a Bedrock API key) or access_key_id and secret_access_key");
    const bool own_address = run.given(path + ".base_url") || given("base_url");
    if (!id && !other && !token && !value && !own_address)
      report("access_key_id", "is required, with secret_access_key (such as env.AWS_ACCESS_KEY_ID and env.AWS_SECRET_ACCESS_KEY); or a value: a Bedrock API key");
    // A signature names the region, and so does the address that is made of it.
    if (key.region.empty() && (id || other || !own_address))
      report("region", "is required: the AWS region, such as us-east-1");
    else if (!key.region.empty() && !is_aws_region(key.region) && (id || other || !own_address))
      report("region", "expected an AWS region such as us-east-1: small letters, digits and '-'");
  }
}

std::optional<provider_config> bedrock_from_environment(reading& run) {
  const auto variable = [&](const char* name) { return run.env()(name).value_or(std::string()); };
  const auto id = variable("AWS_ACCESS_KEY_ID"), other = variable("AWS_SECRET_ACCESS_KEY"), bearer = variable("AWS_BEARER_TOKEN_BEDROCK");
  auto region = variable("AWS_REGION");
  if (region.empty()) region = variable("AWS_DEFAULT_REGION");
  const bool signs = !id.empty() && !other.empty();
  // Many machines have some of these for other purposes: only a whole set is meant for us.
  if (region.empty() || (!signs && bearer.empty())) return std::nullopt;
  if (!is_aws_region(region)) {
    run.report("AWS_REGION", {}, "expected an AWS region such as us-east-1: small letters, digits and '-'");
    return std::nullopt;
  }
  bool fine = true;
  const auto take = [&](const char* name, secret& into) {
    auto text = variable(name);
    if (text.empty()) return;
    if (is_sendable_secret(text)) {
      into = secret(std::move(text));
      return;
    }
    fine = false;
    run.report(name, {}, "holds a blank, a line break, a control or a non-ASCII character, which no credential can");
  };
  provider_config provider;
  provider.name = "bedrock";
  provider.wire = wire_format::bedrock;
  auto& key = provider.keys.emplace_back();
  key.name = "bedrock-env";
  key.region = region;
  if (signs) {
    take("AWS_ACCESS_KEY_ID", key.access_key_id);
    take("AWS_SECRET_ACCESS_KEY", key.secret_access_key);
    take("AWS_SESSION_TOKEN", key.session_token);
  } else {
    take("AWS_BEARER_TOKEN_BEDROCK", key.value);
  }
  if (!fine) return std::nullopt;
  return provider;   // complete() gives it its address
}

}  // namespace switchyard::config
