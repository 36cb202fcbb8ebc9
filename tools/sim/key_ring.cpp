#include "tools/sim/key_ring.hpp"

#include "tools/sim/aws_signature.hpp"

#include <algorithm>

namespace switchyard::sim {

bool key_ring::has_pairs() const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [](const std::string& key) { return key.find(':') != std::string::npos; });
}

std::string_view key_ring::secret_of(std::string_view access_key) const {
  for (const std::string& key : keys_) {
    if (key.size() > access_key.size() && key[access_key.size()] == ':' && key.starts_with(access_key)) {
      return std::string_view(key).substr(access_key.size() + 1);
    }
  }
  return {};
}

std::string_view bearer_of(const call& asked) noexcept {
  const std::string_view value = asked.find("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (value.size() <= scheme.size() || !equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return {};
  return value.substr(scheme.size());
}

std::string credential_of(const call& asked) {
  if (const std::string_view bearer = bearer_of(asked); !bearer.empty()) return std::string(bearer);
  for (const char* name : {"x-api-key", "x-goog-api-key"}) {
    if (const std::string_view value = asked.find(name); !value.empty()) return std::string(value);
  }
  if (const auto signed_by = parse_aws_authorization(asked.find("authorization"))) return std::string(signed_by->access_key);
  return query_value(asked.query, "key");
}

}  // namespace switchyard::sim
