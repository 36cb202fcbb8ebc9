#include "routing/virtual_key.hpp"

#include "config/units.hpp"
#include "routing/yard.hpp"

#include <algorithm>
#include <cstring>

namespace switchyard::routing {

bool virtual_key_entry::allows_model(std::string_view provider_slash_model) const noexcept {
  const auto slash = provider_slash_model.find('/');
  const auto own_name = slash == std::string_view::npos ? provider_slash_model : provider_slash_model.substr(slash + 1);
  const auto fits = [&](const std::string& pattern) {
    return pattern_matches(pattern, provider_slash_model) || (pattern.find('/') == std::string::npos && pattern_matches(pattern, own_name));
  };
  for (const auto* at = this; at != nullptr; at = at->parent.get())
    if (!at->config.models.empty() && std::none_of(at->config.models.begin(), at->config.models.end(), fits)) return false;
  return true;
}

bool virtual_key_entry::restricts_models() const noexcept {
  for (const auto* at = this; at != nullptr; at = at->parent.get())
    if (!at->config.models.empty()) return true;
  return false;
}

bool virtual_key_entry::allows_route(std::string_view route) const noexcept {
  for (const auto* at = this; at != nullptr; at = at->parent.get())
    if (!at->config.routes.empty() && std::find(at->config.routes.begin(), at->config.routes.end(), route) == at->config.routes.end()) return false;
  return true;
}

std::string virtual_key_entry::refusal(wall_time now) const {
  for (const auto* at = this; at != nullptr; at = at->parent.get()) {
    const auto whose = at == this ? std::string("This API key") : "The key '" + at->config.name + "' above this API key";
    if (at->revoked) return whose + " was revoked.";
    if (at->config.expires && now >= *at->config.expires) return whose + " expired at " + config::format_time(*at->config.expires) + ".";
  }
  return {};
}

virtual_key_set::virtual_key_set(std::vector<std::shared_ptr<const virtual_key_entry>> all, const std::vector<credential>& credentials)
    : all_(std::move(all)) {
  by_digest_.reserve(credentials.size());
  for (const auto& one : credentials) by_digest_.try_emplace(one.digest, place{all_[one.key].get(), one.until});
}

const virtual_key_entry* virtual_key_set::find(std::string_view credential, wall_time now) const noexcept {
  if (credential.empty()) return nullptr;
  const auto found = by_digest_.find(sha256(credential));
  if (found == by_digest_.end() || (found->second.until && now >= *found->second.until)) return nullptr;
  return found->second.key;
}

std::shared_ptr<const virtual_key_entry> virtual_key_set::named(std::string_view name) const noexcept {
  for (const auto& key : all_)
    if (key->config.name == name) return key;
  return nullptr;
}

// A digest's bytes are as good as random: the first eight are a hash.
std::size_t virtual_key_set::digest_hash::operator()(const sha256_digest& digest) const noexcept {
  std::uint64_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

}  // namespace switchyard::routing
